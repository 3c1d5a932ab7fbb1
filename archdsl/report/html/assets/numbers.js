// Numbers as the rest of the report writes them.
const PREFIXES = ["", "k", "M", "G", "T", "P", "E"];

function human(value) {
  if (Math.abs(value) < 1000) return String(value);
  let power = 0;
  while (Math.abs(value) >= 999.995 && power < PREFIXES.length - 1) {
    value /= 1000;
    power += 1;
  }
  return `${value.toFixed(2)} ${PREFIXES[power]}`;
}

function seconds(nanoseconds) {
  for (const [unit, size] of [["s", 1e9], ["ms", 1e6], ["µs", 1e3]]) {
    if (nanoseconds >= size) return `${Number((nanoseconds / size).toPrecision(3))} ${unit}`;
  }
  return nanoseconds ? `${Number(nanoseconds.toPrecision(3))} ns` : "";
}

