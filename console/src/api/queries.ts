import {
  type InvalidateOptions,
  type InvalidateQueryFilters,
  keepPreviousData,
  QueryClient,
  type QueryKey,
} from "@tanstack/react-query";
import { createStore } from "~/store";

/** Grows with what the user changes, or wants to see anew: lists then show at once what has come. */
export const ownChanges = createStore(0);

export const wantAnew = () => ownChanges.set((n) => n + 1);

/** Whatever is made stale is so because of something the user did, unless the server told of it. */
class Queries extends QueryClient {
  override invalidateQueries<Key extends QueryKey = QueryKey>(
    filters?: InvalidateQueryFilters<Key>,
    options?: InvalidateOptions,
  ): Promise<void> {
    wantAnew();
    return super.invalidateQueries(filters, options);
  }

  /** As {@link invalidateQueries}, for what somebody else may have changed. */
  told(queryKey: QueryKey) {
    void super.invalidateQueries({ queryKey });
  }
}

export const queries = new Queries({
  // `send` tries again by itself where that may help.
  defaultOptions: { queries: { retry: false, staleTime: 5_000, placeholderData: keepPreviousData } },
});
