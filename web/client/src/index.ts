export { Documents, type Doc, type Found, type Search, type Selector } from './documents'
export { address, Door, type Question } from './door'
export { Refused, Unreachable } from './errors'
export {
  type Attributes, type Change as FileChange, extension, type Fault, type FileResource, FILES, Files, nextFree, type Page as FilePage,
  type Reference, ROOT, type Size, type Taken, TRASH, type Version,
} from './files'
export { appAddress, type Page, pageFrom, readPage, tokenIn } from './page'
export { type Act, type Client, ClientProvider, clientOf, useAct, useChanges, useClient, useFresh } from './react'
export { type Unfinished } from './pieces'
export { type Change, type Listener, Realtime } from './realtime'
export { type Placed, type Tree, treeOfDrop, treeOfEntries, treeOfFiles } from './tree'
export { type Sending, upload } from './upload'
export { type Choice, NOTHING, type Place, type Snapshot, type Target, type Upload, Uploads, type UploadState } from './uploads'
