/** A button with a menu, which floats above all else: no table or panel cuts it off. */
import { useEffect, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from "react";
import { Button } from "./controls";
import { Icon, type IconName } from "./icon";

export interface MenuItem { label: string; icon?: IconName; onChoose: () => void; disabled?: boolean | undefined }

/** In CSS pixels: between the menu and its button, and at least to the window's edges. */
const GAP = 4;
const EDGE = 8;

/** Below the button and flush with its right side; above it where there is no room below. */
function place(menu: HTMLElement, button: DOMRect): void {
  const { width, height } = menu.getBoundingClientRect();
  const below = button.bottom + GAP;
  const top = below + height <= innerHeight - EDGE ? below : button.top - GAP - height;
  menu.style.left = `${Math.max(EDGE, Math.min(button.right, innerWidth - EDGE) - width)}px`;
  menu.style.top = `${Math.max(EDGE, top)}px`;
}

const itemsOf = (frame: HTMLElement | null) => [...(frame?.querySelectorAll<HTMLElement>("[role=menuitem]:not(:disabled)") ?? [])];

/** Shows the menu while it is open; it closes when something else is pressed, or what it stands by moves. */
function useFloating(frame: RefObject<HTMLDivElement | null>, open: boolean, close: () => void): void {
  useLayoutEffect(() => {
    const menu = frame.current?.querySelector<HTMLElement>("[role=menu]");
    if (!open || !menu) return;
    menu.showPopover();
    place(menu, frame.current!.querySelector("button")!.getBoundingClientRect());
    itemsOf(frame.current)[0]?.focus({ preventScroll: true });
  }, [frame, open]);
  useEffect(() => {
    if (!open) return;
    const elsewhere = (event: Event) => {
      if (!frame.current?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", elsewhere);
    document.addEventListener("scroll", elsewhere, true);
    addEventListener("resize", close);
    return () => {
      document.removeEventListener("pointerdown", elsewhere);
      document.removeEventListener("scroll", elsewhere, true);
      removeEventListener("resize", close);
    };
  // eslint-disable-next-line react-hooks/exhaustive-deps -- closing is the same at each rendering
  }, [frame, open]);
}

export function Menu({ label, icon = "more", items, children }: {
  label: string; icon?: IconName; items: readonly MenuItem[]; children?: ReactNode;
}) {
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  useFloating(frame, open, () => setOpen(false));
  const closeToButton = () => {
    setOpen(false);
    frame.current?.querySelector("button")?.focus();
  };
  const move = (by: number) => {
    const all = itemsOf(frame.current);
    all[(all.indexOf(document.activeElement as HTMLElement) + by + all.length) % all.length]?.focus();
  };
  return (
    <div className="menu" ref={frame}
      onBlur={(event) => {
        if (event.relatedTarget && !frame.current?.contains(event.relatedTarget)) setOpen(false);
      }}
      onKeyDown={(event) => {
        if (!open) return;
        if (event.key === "Escape") {
          event.stopPropagation();
          event.preventDefault(); // a dialog around it stays
          closeToButton();
        }
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
          event.preventDefault();
          move(event.key === "ArrowDown" ? 1 : -1);
        }
      }}>
      <Button look={children ? undefined : "plain"} icon={icon} label={children ? undefined : label}
        aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>{children}</Button>
      {open && (
        <div role="menu" aria-label={label} popover="manual">
          {items.map((item) => (
            <button key={item.label} type="button" role="menuitem" disabled={item.disabled} onClick={() => {
              closeToButton();
              item.onChoose();
            }}>
              {item.icon && <Icon name={item.icon} />}
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
