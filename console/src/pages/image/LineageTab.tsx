import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { useInfiniteQuery } from "@tanstack/react-query";
import { usePlace } from "~/api/context";
import type { Image } from "~/api/types";
import { Ago } from "~/i18n/format";
import { useTexts } from "~/i18n/texts";
import { nameOf } from "~/images/columns";
import { useImage } from "~/images/queries";
import { Go } from "~/shell/links";
import { CopyText } from "~/ui/Copy";
import { Failure } from "~/ui/Failure";
import { SmallTable } from "~/ui/SmallTable";
import { useBackupsOf } from "./BackupsTab";
import { copyOf, readEvents } from "./events";
import { texts } from "./texts";

/** Where an image comes from, and what was made of it. */
export function LineageTab({ image }: { image: Image }) {
  return (
    <SpaceBetween size="l">
      <From image={image} />
      <Copies image={image} />
    </SpaceBetween>
  );
}

function From({ image }: { image: Image }) {
  const t = useTexts(texts);
  const { data: backups = [] } = useBackupsOf(image);
  const made = image.relation === "owner" ? backups.filter((one) => one.image === image.id) : [];
  const { source } = image.properties;
  const isNothing = !image.source_image && made.length === 0 && !source;
  return (
    <Container header={<Header variant="h2">{t("lineage.from")}</Header>}>
      {isNothing && <Box color="text-body-secondary">{t("lineage.none")}</Box>}
      <SpaceBetween size="s">
        {image.source_image && (
          <div>
            {t("lineage.image")}: <ImageLink id={image.source_image} />
          </div>
        )}
        {made.map((backup) => (
          <div key={backup.id}>
            {t("lineage.backup")}: {backup.name} · {backup.source} · <Ago at={backup.created_at} />
          </div>
        ))}
        {source && <div>{source}</div>}
      </SpaceBetween>
    </Container>
  );
}

/** An image by its id: its name, where it can be seen from here. */
export function ImageLink({ id }: { id: string }) {
  const t = useTexts(texts);
  const { path } = usePlace();
  const { data, isPending } = useImage(id);
  if (isPending) return <Spinner />;
  if (data?.id === id) return <Go to={path(`images/${id}/summary`)}>{nameOf(data)}</Go>;
  return (
    <>
      <CopyText text={id} whole={false} /> <span className="lg-muted">{t("lineage.gone")}</span>
    </>
  );
}

const VERBS = ["image.replicate", "image.copy"] as const;

function Copies({ image }: { image: Image }) {
  const t = useTexts(texts);
  const { api, key, project, region } = usePlace();
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } =
    useInfiniteQuery({
      queryKey: [...key, "image", image.id, "copies"],
      queryFn: async ({ pageParam }) => {
        const pages = await Promise.all(
          VERBS.map((verb) => {
            const marker = pageParam[verb];
            if (marker === null) return null;
            return readEvents(api, { target: image.id, verb, result: "ok", limit: 50, marker });
          }),
        );
        const [replicas, copies] = pages;
        return {
          events: pages.flatMap((page) => page?.events ?? []),
          next: { "image.replicate": replicas?.next ?? null, "image.copy": copies?.next ?? null },
        };
      },
      initialPageParam: {} as { [Verb in (typeof VERBS)[number]]?: string | null },
      getNextPageParam: ({ next }) => (Object.values(next).some(Boolean) ? next : undefined),
    });
  const events = (data?.pages ?? [])
    .flatMap((page) => page.events)
    // The record of a copy is told as well, under the same verb: of a copy here, this image is the source.
    .filter((event) => !event.detail?.startsWith("source="))
    .sort((one, two) => two.at.localeCompare(one.at));
  return (
    <Container header={<Header variant="h2">{t("lineage.to")}</Header>}>
      {error ? (
        <Failure error={error} retry={() => void refetch()} />
      ) : isPending ? (
        <Spinner />
      ) : events.length === 0 ? (
        <Box color="text-body-secondary">{t("lineage.noCopies")}</Box>
      ) : (
        <SmallTable
          heads={[t("lineage.image"), t("lineage.how"), t("lineage.who"), t("lineage.when")]}
          rows={events.map((event) => {
            const made = copyOf(event);
            const isElsewhere = made.region !== undefined && made.region !== region;
            return {
              id: event.id,
              cells: [
                !made.image ? (
                  t("lineage.theirs")
                ) : isElsewhere ? (
                  <CopyText key="id" text={made.image} whole={false} />
                ) : (
                  <ImageLink key="image" id={made.image} />
                ),
                event.verb === "image.replicate"
                  ? t("lineage.replicate")
                  : made.region
                    ? t("lineage.copy", { region: made.region })
                    : t("lineage.copyElsewhere"),
                event.project === project ? (
                  t("lineage.you")
                ) : (
                  <CopyText key="id" text={event.project} whole={false} />
                ),
                <Ago key="at" at={event.at} />,
              ],
            };
          })}
        />
      )}
      {hasNextPage && (
        <Button variant="link" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t("activity.more")}
        </Button>
      )}
    </Container>
  );
}
