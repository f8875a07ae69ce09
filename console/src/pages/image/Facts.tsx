import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs, { type KeyValuePairsProps } from "@cloudscape-design/components/key-value-pairs";

export type Fact = KeyValuePairsProps.Pair;

/** A card of facts. */
export function Facts({ title, items, columns = 2 }: { title: string; items: Fact[]; columns?: number }) {
  return (
    <Container header={<Header variant="h2">{title}</Header>}>
      <KeyValuePairs columns={columns} items={items} />
    </Container>
  );
}
