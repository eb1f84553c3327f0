/** Line icons on a grid of 16, drawn for this console. Decoration: what they mean stands beside them. */

const PATHS = {
  home: "M2.5 7.5 8 2.8l5.5 4.7M4 6.7v6.5h8V6.7M6.7 13.2V9.5h2.6v3.7",
  workflows: "M5.5 2.5h5v3h-5zM1.8 10.5h5v3h-5zM9.2 10.5h5v3h-5zM8 5.5V8M4.3 10.5V8h7.4v2.5",
  training: "M2 13.5h12M3.5 11.5c2-.5 2.5-7 4.5-7s1.5 4.5 4.5 5.2M3.5 2.5v9",
  endpoints:
    "M8 8m-1.6 0a1.6 1.6 0 1 0 3.2 0a1.6 1.6 0 1 0-3.2 0M4.8 11.2a4.5 4.5 0 0 1 0-6.4M11.2 4.8a4.5 4.5 0 0 1 0 6.4M2.7 13.3a7.5 7.5 0 0 1 0-10.6M13.3 2.7a7.5 7.5 0 0 1 0 10.6",
  notebook: "M4 2.5h8.5v11H4zM7 2.5v11M2.5 5.2h3M2.5 8h3M2.5 10.8h3",
  storage: "M2.5 4c0-1 2.5-1.7 5.5-1.7s5.5.7 5.5 1.7-2.5 1.7-5.5 1.7S2.5 5 2.5 4zM2.5 4v8c0 1 2.5 1.7 5.5 1.7s5.5-.7 5.5-1.7V4M2.5 8c0 1 2.5 1.7 5.5 1.7s5.5-.7 5.5-1.7",
  iam: "M5.5 10.5m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0M7.7 8.3l5.8-5.8M11 5l2 2M9.3 6.7l1.2 1.2",
  search: "M7 7m-4.2 0a4.2 4.2 0 1 0 8.4 0a4.2 4.2 0 1 0-8.4 0M10.2 10.2l3.5 3.5",
  copy: "M5.5 5.5h8v8h-8zM3 10.5h-.5v-8h8V3",
  check: "M2.8 8.5l3.4 3.4 7-7.5",
  cross: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  down: "M3.5 6l4.5 4.5L12.5 6",
  right: "M6 3.5l4.5 4.5L6 12.5",
  left: "M10 3.5L5.5 8l4.5 4.5",
  more: "M3 8h.01M8 8h.01M13 8h.01",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  play: "M4.5 2.8v10.4l8.5-5.2z",
  stop: "M3.5 3.5h9v9h-9z",
  again: "M13 8a5 5 0 1 1-1.6-3.7M13.2 2.3v2.9h-2.9",
  download: "M8 2.5v7.5M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  upload: "M8 10.5V3M4.8 6 8 2.8 11.2 6M2.5 13.5h11",
  trash: "M2.5 4.5h11M6 4.5V2.5h4v2M4 4.5l.7 9h6.6l.7-9",
  edit: "M3 13l.7-3L11 2.7l2.3 2.3L6 12.3z",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11",
  person: "M8 5.5m-2.7 0a2.7 2.7 0 1 0 5.4 0a2.7 2.7 0 1 0-5.4 0M2.8 13.5c.6-3 2.6-4.3 5.2-4.3s4.6 1.3 5.2 4.3",
  folder: "M1.8 12.8V3.5h4.5l1.5 1.8h6.4v7.5z",
  file: "M4 1.8h5.5l3 3v9.4H4zM9.3 2v3h3",
  link: "M6.5 9.5l3-3M7 4.8l1.5-1.5a2.7 2.7 0 0 1 4 4L11 8.8M9 11.2l-1.5 1.5a2.7 2.7 0 0 1-4-4L5 7.2",
  fit: "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10",
  keyboard: "M1.5 4.5h13v7.5h-13zM4 7h.01M6.7 7h.01M9.3 7h.01M12 7h.01M5 9.7h6",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} fill="none" stroke="currentColor"
      strokeWidth={name === "more" ? 2.4 : 1.4} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
