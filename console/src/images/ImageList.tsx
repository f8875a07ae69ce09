import "./images.css";
import { type ReactNode, useMemo } from "react";
import type { Image } from "~/api/types";
import { List } from "~/table/List";
import type { Column, Filter, ListProps } from "~/table/types";
import { useBulk } from "./acts";
import { nameOf, useImageColumns, useImageFilters, useImagePath } from "./columns";
import { ImagePanel } from "./ImagePanel";
import { ImagesFrame } from "./ImagesFrame";
import { type ImageListName, listOf } from "./lists";
import { OsSelect } from "./OsSelect";
import { isAnyPassing, useImages } from "./queries";

type FromList = Pick<
  ListProps<Image>,
  "title" | "actsWidth" | "bulk" | "quick" | "menu" | "empty" | "above" | "tools" | "sum" | "onSelection"
>;

interface Props extends FromList {
  of: ImageListName;
  crumb?: { text: string; path: string };
  /** Further filters, after those that all lists have. */
  more?: Filter[];
  /** A column as this list shows it. */
  adapt?: (column: Column<Image>) => Column<Image>;
  /** What stands beside the list: its help. */
  children?: ReactNode;
}

const NONE: Filter[] = [];
export const idOf = (image: Image) => image.id;

/** A list of images: what differs between them is in `lists.ts`. */
export function ImageList({ of, crumb, more = NONE, adapt, children, ...rest }: Props) {
  const { tab, query, filters, columns, on, off, spare, sort, cli } = listOf(of);
  const known = useImageColumns();
  const common = useImageFilters(filters);
  const load = useImages(query);
  const imagePath = useImagePath();
  const all = useMemo(() => (more.length ? [...common, ...more] : common), [common, more]);
  const shown = columns.map((name) => {
    const column = { ...known[name], spare: spare?.[name] ?? known[name].spare };
    const isHidden = on?.includes(name) ? false : off?.includes(name) ? true : column.isHidden;
    return adapt ? adapt({ ...column, isHidden }) : { ...column, isHidden };
  });
  return (
    <ImagesFrame tab={tab} crumb={crumb}>
      <List<Image>
        id={`images-${of}`}
        queryKey={["images", of]}
        load={load}
        rowId={idOf}
        rowName={nameOf}
        columns={shown}
        filters={all}
        freeText="q"
        filterControl={filters === "own" || of === "shared" ? <OsSelect of={query} /> : undefined}
        defaultSort={sort}
        isPassing={isAnyPassing}
        rowPath={imagePath}
        cli={(image) => `${cli} ${image.id}`}
        details={(image) => <ImagePanel images={[image]} columns={3} />}
        panel={(images) => <ImagePanel images={images} />}
        {...rest}
      />
      {children}
    </ImagesFrame>
  );
}

/** A bulk act that a dialog carries out. */
export function useBulkDialog(dialog: (name: string, ids: string[]) => void) {
  const bulk = useBulk();
  return (name: string, text: string, images: Image[], verb: string) =>
    bulk(name, text, images, verb, (all) => dialog(name, all.map(idOf)));
}
