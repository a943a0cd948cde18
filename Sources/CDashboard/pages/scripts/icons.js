// Icons, drawn with lines in a square of 24: no request, no font.

const GIFT =
  "M4 9h16v4H4zM6 13v8h12v-8M12 9v12M12 9C9 9 7 7.500 7.500 5.500S11 5 12 9c1-4 4-5.500 4.500-3.500S15 9 12 9z";
const PATHS = {
  plans:
    "M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v11a2.5 2.5 0 0 1-2.5 2.5h-11A2.5 2.5 0 0 1 4 17.5zM4 9.5h16M8 14h4",
  features: "M12 3l2.6 5.6 6 .7-4.5 4.1 1.2 6-5.3-3-5.3 3 1.2-6L3.4 9.3l6-.7z",
  customers:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.4-3.6 3-5.5 6.5-5.5s6.1 1.9 6.500 5.500M16 4.400a3.500 3.500 0 0 1 0 6.400M18 14.900c2 .700 3.200 2.400 3.500 5.100",
  usage: "M4 20V10M10 20V4M16 20v-7M21 20H3",
  explain:
    "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.500 9.300a2.600 2.600 0 1 1 3.700 2.400c-.800.400-1.200 1-1.200 2M12 17v.010",
  simulate: "M4 20c3 0 3.500-14 8-14 3 0 3 6 5 6 1.500 0 2-2 3-4M4 4v16h16",
  system:
    "M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM12 2.500v3M12 18.500v3M2.500 12h3M18.500 12h3M5.300 5.300l2.100 2.100M16.600 16.600l2.100 2.100M18.700 5.300l-2.100 2.100M7.400 16.600l-2.100 2.100",
  members: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20.500c.600-4 3.500-6 7.500-6s6.900 2 7.500 6",
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  check: "M5 12.500l4.500 4.500L19 7.500",
  minus: "M5 12h14",
  alert:
    "M12 8v5M12 16.500v.010M10.300 4.200 2.800 17.500A2 2 0 0 0 4.500 20.500h15a2 2 0 0 0 1.700-3L13.700 4.200a2 2 0 0 0-3.400 0z",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5M12 8v.010",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM20 20l-4-4",
  refresh: "M20 11a8 8 0 0 0-14.500-3.500L4 9M4 4v5h5M4 13a8 8 0 0 0 14.500 3.500L20 15M20 20v-5h-5",
  inbox: "M4 13l2.500-8h11L20 13v6H4zM4 13h5l1 2.500h4l1-2.500h5",
  copy: "M9 9h10v11H9zM5 15V4h10",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5",
  more: "M5.500 11.500v1M12 11.500v1M18.500 11.500v1",
  down: "M6 9.500l6 6 6-6",
  up: "M6 14.500l6-6 6 6",
  left: "M14.500 6l-6 6 6 6",
  right: "M9.500 6l6 6-6 6",
  external: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  download: "M12 4v11M7 10.500l5 5 5-5M4 20h16",
  upload: "M12 16V5M7 9.500l5-5 5 5M4 20h16",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M2 12h2M20 12h2M4.900 4.900l1.400 1.400M17.700 17.700l1.400 1.400M19.100 4.900l-1.400 1.400M6.300 17.700l-1.400 1.400",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z",
  screen: "M3.500 5h17v11h-17zM9 20h6M12 16v4",
  signout: "M10 4H5v16h5M15 8l4 4-4 4M19 12H9",
  key: "M8 20a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM11 13l8-8M16 8l3 3",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.500 2",
  webhook: "M7 7a5 5 0 0 1 10 0M5 21a5 5 0 0 1 0-10M12 7l-4 8M19 11a5 5 0 0 1 0 10M8 17h11",
  audit: "M7 3.500h10v17H7zM10 8h4M10 12h4M10 16h2",
  shield: "M12 3l8 3v6c0 4.500-3.300 7.800-8 9-4.700-1.200-8-4.500-8-9V6z",
  history: "M4 12a8 8 0 1 0 2.500-5.800L4 8.500M4 4v4.500h4.500M12 8v4.500l3 1.500",
  card: "M3 6h18v12H3zM3 10h18",
  receipt: "M6 3.500h12v17l-3-2-3 2-3-2-3 2zM9 8.500h6M9 12.500h6",
  filter: "M4 5h16l-6 8v6l-4-2v-4z",
  compare: "M8 4v16M4 8l4-4 4 4M16 20V4M12 16l4 4 4-4",
  rewards: GIFT,
  gift: GIFT,
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
  archive: "M4 5h16v4H4zM5.500 9v11h13V9M10 13h4",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
};

/** An icon by name; it says nothing to screen readers. */
export function icon(name) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  element.setAttribute("class", "icon");
  element.setAttribute("viewBox", "0 0 24 24");
  element.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.info);
  element.append(path);
  return element;
}
