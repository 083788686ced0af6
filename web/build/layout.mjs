// Where the build puts things, known to the build and its finish; the server and Home's worker read the same names.
export const SHARED_FOLDER = '_shared'
/** The path on the instance's domain under which the server hands out the folder of shared, hashed files. */
export const SHARED_PATH = '/assets/alcove/'
/** Gzipped bytes of JavaScript: the first load of any app, and what a further app may add. */
export const FIRST_LOAD = 230_000
export const FURTHER_APP = 90_000
