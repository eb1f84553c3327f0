/** #/notebooks, #/notebooks/<name>. */
import { shownBy } from "../../app/router";
import type { PageProps } from "../../app/routes";
import { NotebookList } from "./list_page";
import { NotebookPage } from "./notebook_page";

export default function Notebooks({ place: { parts } }: PageProps) {
  const { name } = shownBy(parts);
  return name ? <NotebookPage key={name} name={name} /> : <NotebookList />;
}
