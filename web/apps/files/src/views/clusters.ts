// Places of pictures on a flat world: degrees become points, points that lie close together become one.
import type { Photo } from './pictures'

/** What is seen: its middle in degrees, and points for one degree. */
export interface Sight {
  east: number
  north: number
  scale: number
}

export interface Cluster {
  key: string
  x: number
  y: number
  photos: readonly Photo[]
}

const CELL = 56
export const SCALES = [1, 60_000] as const

/** A point of the picture for a place; the simplest projection there is, of the whole world and of a street alike. */
export function pointOf([north, east]: readonly [number, number], sight: Sight, width: number, height: number): readonly [number, number] {
  return [width / 2 + (east - sight.east) * sight.scale, height / 2 - (north - sight.north) * sight.scale]
}

/** Pictures that are nearer to one another than a finger, put together; those out of sight are left out. */
export function clustersOf(photos: readonly Photo[], sight: Sight, width: number, height: number): Cluster[] {
  const cells = new Map<string, { x: number; y: number; photos: Photo[] }>()
  for (const photo of photos) {
    if (!photo.place) continue
    const [x, y] = pointOf(photo.place, sight, width, height)
    if (x < -CELL || y < -CELL || x > width + CELL || y > height + CELL) continue
    // Cells are those of the world, not of what is seen: what lies together stays together while the map is moved.
    const key = `${Math.floor((photo.place[1] * sight.scale) / CELL)},${Math.floor((photo.place[0] * sight.scale) / CELL)}`
    const cell = cells.get(key) ?? { x: 0, y: 0, photos: [] }
    cell.x += x
    cell.y += y
    cell.photos.push(photo)
    cells.set(key, cell)
  }
  return [...cells].map(([key, { x, y, photos: held }]) => ({ key, x: x / held.length, y: y / held.length, photos: held }))
}

/** What shows all these places, with some room around them. */
export function sightOf(places: readonly (readonly [number, number])[], width: number, height: number): Sight {
  let [south, north, west, east] = [90, -90, 180, -180]
  for (const [lat, long] of places) {
    south = Math.min(south, lat)
    north = Math.max(north, lat)
    west = Math.min(west, long)
    east = Math.max(east, long)
  }
  const scale = Math.min(width / Math.max(0.005, east - west), height / Math.max(0.005, north - south)) * 0.8
  return { east: (west + east) / 2, north: (south + north) / 2, scale: Math.max(SCALES[0], Math.min(SCALES[1], scale)) }
}
