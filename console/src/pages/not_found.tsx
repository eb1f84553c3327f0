import { Page } from "../app/page";
import { links } from "../app/router";
import { ButtonLink, Empty } from "../ui/controls";

export default function NotFound() {
  return (
    <Page crumbs={[{ text: "Not found" }]} title="No such page">
      <Empty title="This address names no page.">
        <p>It may come from a part of AWS's console that has no counterpart here.</p>
        <ButtonLink href={links.home} look="primary">Home</ButtonLink>
      </Empty>
    </Page>
  );
}
