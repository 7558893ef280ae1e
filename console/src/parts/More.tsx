import { Button, Text } from "@mantine/core";

/** The end of a list: how much is shown, and a button for the next page. */
export function More({ shown, what, query }: { shown: number; what: string; query: Pages }) {
  return (
    <div className="more">
      <Text size="sm" c="dimmed">
        {shown} {what}
        {query.hasNextPage ? " shown" : ""}
      </Text>
      {query.hasNextPage && (
        <Button variant="default" loading={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
          Load more
        </Button>
      )}
    </div>
  );
}

type Pages = { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
