/** The drawing as a file: SVG that stands for itself, and PNG made of it. */
import { headPath, linePath, type GraphNode, type Layout } from "./layout";

export interface Palette {
  ground: string; line: string; ink: string; soft: string; surface: string;
  /** By status; "pending" for states that have not run. */
  fills: Readonly<Record<string, { wash: string; line: string }>>;
}

const MARGIN = 16;
const FONT = "system-ui, 'Segoe UI', 'DejaVu Sans', Helvetica, sans-serif";
/** Canvases larger than this are refused by browsers. */
const SIDE_MAX = 16_384;

/** XML 1.0 has no way at all to write most control characters. */
export function xml(text: string): string {
  return text
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}

const text = (x: number, y: number, size: number, weight: number, fill: string, what: string) =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" font-weight="${weight}" fill="${fill}" ` +
  `text-anchor="middle" dominant-baseline="central">${xml(what)}</text>`;

function nodeSvg(node: GraphNode, status: string, palette: Palette): string {
  const [x, y] = [node.x + node.width / 2, node.y + node.height / 2];
  const box = (radius: number, fill: string, stroke: string, width = 1.5) =>
    `<rect x="${node.x}" y="${node.y}" width="${node.width}" height="${node.height}" rx="${radius}" fill="${fill}" stroke="${stroke}" stroke-width="${width}"/>`;
  if (node.kind === "join") return `<circle cx="${x}" cy="${y}" r="4" fill="${palette.line}"/>`;
  if (node.kind === "notice") return text(x, y, 11, 400, palette.soft, node.name);
  if (node.kind !== "state") return box(node.height / 2, palette.surface, palette.line) + text(x, y, 13, 500, palette.soft, node.name);
  const { wash, line } = palette.fills[status] ?? palette.fills.pending!;
  const radius = node.type === "Choice" ? 3 : 8;
  return `<g><title>${xml(`${node.name}\n${node.tooltip}\n${status}`)}</title>${box(radius, wash, line)}` +
    (node.subtitle === ""
      ? text(x, y, 14, 600, palette.ink, node.name)
      : text(x, y - 8, 14, 600, palette.ink, node.name) + text(x, y + 11, 11, 400, palette.soft, node.subtitle)) + "</g>";
}

/** The whole drawing with its own colours: no style sheet and no font of the page is needed to look at it. */
export function graphSvg(layout: Layout, statuses: ReadonlyMap<string, string>, palette: Palette): string {
  const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}" font-family="${xml(FONT)}">`,
    `<rect x="${-MARGIN}" y="${-MARGIN}" width="${width}" height="${height}" fill="${palette.ground}"/>`,
  ];
  for (const { x, y, width: wide, height: high } of layout.clusters) {
    parts.push(`<rect x="${x}" y="${y}" width="${wide}" height="${high}" rx="10" fill="${palette.line}" fill-opacity="0.12" stroke="${palette.line}" stroke-dasharray="6 4"/>`);
  }
  for (const edge of layout.edges) {
    const dashes = edge.kind === "caught" ? ' stroke-dasharray="5 4"' : "";
    parts.push(`<path d="${linePath(edge)}" fill="none" stroke="${palette.line}" stroke-width="1.5"${dashes}/>`,
      `<path d="${headPath(edge)}" fill="${palette.line}"/>`);
    if (edge.label) parts.push(text(edge.labelAt[0], edge.labelAt[1], 11, 500, palette.soft, edge.label));
  }
  for (const node of layout.nodes) parts.push(nodeSvg(node, statuses.get(node.name) ?? "pending", palette));
  return `${parts.join("\n")}\n</svg>\n`;
}

/** The colours that the page has now. */
export function currentPalette(): Palette {
  const probe = document.createElement("span");
  document.body.append(probe);
  const resolved = (token: string) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const fill = (wash: string, line: string) => ({ wash: resolved(wash), line: resolved(line) });
  const palette: Palette = {
    ground: resolved("--surface"), surface: resolved("--surface"), line: resolved("--edge"), ink: resolved("--ink"), soft: resolved("--ink-soft"),
    fills: {
      pending: fill("--surface", "--edge"), running: fill("--wash-running", "--running"), succeeded: fill("--wash-good", "--good"),
      failed: fill("--wash-bad", "--bad"), caught: fill("--wash-caught", "--caught"), aborted: fill("--wash-idle", "--idle"),
    },
  };
  probe.remove();
  return palette;
}

export const svgBlob = (svg: string) => new Blob([svg], { type: "image/svg+xml" });

/** Twice as fine as the drawing, as far as canvases go. */
export async function pngBlob(svg: string, layout: Layout): Promise<Blob> {
  const url = URL.createObjectURL(svgBlob(svg));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const [width, height] = [layout.width + 2 * MARGIN, layout.height + 2 * MARGIN];
    const scale = Math.min(2, SIDE_MAX / width, SIDE_MAX / height);
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob((blob) => blob ? resolve(blob)
        : reject(new Error("The browser made no image of the drawing: it may be too large.")), "image/png"));
  } finally {
    URL.revokeObjectURL(url);
  }
}
