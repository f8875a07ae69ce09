/** How many there are at the end of which something holds. */
function trailing(ids: readonly string[], holds: (id: string) => boolean): number {
  let n = 0;
  while (n < ids.length && holds(ids[ids.length - 1 - n] as string)) n += 1;
  return n;
}

/** How many have to be taken out so that the others are in the same order before and after. */
function moved(before: readonly string[], after: readonly string[]): number {
  const places = new Map(after.map((id, at) => [id, at]));
  // Where the run of each length that kept its order ends at best: the longest run stays, the others have moved.
  const ends: number[] = [];
  for (const id of before) {
    const place = places.get(id) ?? 0;
    const at = ends.findIndex((end) => end > place);
    if (at < 0) ends.push(place);
    else ends[at] = place;
  }
  return before.length - ends.length;
}

/**
 * How many rows of a page were added, removed or moved. What only slid over the end of a full page, because
 * of rows that came or went before it, is no change.
 */
export function countChanges(before: readonly string[], after: readonly string[], pageSize: number): number {
  const [was, is] = [new Set(before), new Set(after)];
  const isNew = (id: string) => !was.has(id);
  const isGone = (id: string) => !is.has(id);
  const added = after.filter(isNew).length;
  const gone = before.filter(isGone).length;
  const pushedOut = after.length < pageSize ? 0 : Math.min(added, trailing(before, isGone));
  const pulledIn = before.length < pageSize ? 0 : Math.min(gone, trailing(after, isNew));
  const shifted = moved(
    before.filter((id) => is.has(id)),
    after.filter((id) => was.has(id)),
  );
  return added + gone - Math.max(pushedOut, pulledIn) + shifted;
}
