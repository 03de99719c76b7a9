"use client";
import type { IChartApi, ISeriesApi, SeriesMarker, Time } from "lightweight-charts";
import { useEffect, useRef, useState } from "react";
import { Skeleton } from "@/components/States";
import { formatDay } from "@/figures/format";
import { useTheme } from "@/state/theme";

interface Point {
  day: string;
  value: number;
}

export interface Mark {
  day: string;
  text: string;
}

interface Props {
  /** Ascending by day. Pixels, not money: the exact amounts are in the tables and figures. */
  points: readonly Point[];
  second?: readonly Point[] | undefined;
  marks?: readonly Mark[] | undefined;
  label: string;
  write: (value: number) => string;
  height?: number;
  names?: readonly [first: string, second: string];
}

interface Drawn {
  chart: IChartApi;
  first: ISeriesApi<"Area">;
  second: ISeriesApi<"Line">;
}

function token(name: string): string {
  // The canvas wants rgb; the tokens are oklch, so the browser converts them by painting one pixel.
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  if (!paint) return value;
  paint.fillStyle = value;
  paint.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = paint.getImageData(0, 0, 1, 1).data;
  return `rgb(${red}, ${green}, ${blue})`;
}

function faded(colour: string, alpha: number): string {
  return colour.replace("rgb(", "rgba(").replace(")", `, ${alpha})`);
}

function colours() {
  return {
    accent: token("--accent"),
    line: token("--line"),
    muted: token("--muted"),
    second: token("--part-5"),
    faint: token("--faint"),
  };
}

/** Values over time. The library is loaded when the first chart is shown. */
export function TimeChart({ points, second, marks, label, write, height = 260, names }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawn | null>(null);
  const writer = useRef(write);
  const [ready, setReady] = useState(false);
  const [hovered, setHovered] = useState<{
    day: string;
    value: number;
    other: number | null;
  } | null>(null);
  const shown = useTheme((state) => state.shown);

  useEffect(() => {
    writer.current = write;
  }, [write]);

  useEffect(() => {
    let gone = false;
    void import("lightweight-charts").then((library) => {
      if (gone || !place.current) return;
      const chart = library.createChart(place.current, {
        autoSize: true,
        layout: {
          background: { color: "transparent" },
          fontFamily: "inherit",
          fontSize: 11,
          attributionLogo: false,
        },
        grid: { vertLines: { visible: false } },
        rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.06 } },
        timeScale: {
          borderVisible: false,
          fixLeftEdge: true,
          fixRightEdge: true,
          minBarSpacing: 0.01,
        },
        handleScroll: {
          mouseWheel: false,
          pressedMouseMove: true,
          horzTouchDrag: true,
          vertTouchDrag: false,
        },
        handleScale: { mouseWheel: false, pinch: true, axisPressedMouseMove: false },
        localization: { priceFormatter: (value: number) => writer.current(value) },
      });
      const first = chart.addSeries(library.AreaSeries, {
        lineWidth: 2,
        priceLineVisible: false,
        lastValueVisible: false,
      });
      const other = chart.addSeries(library.LineSeries, {
        lineWidth: 1,
        priceLineVisible: false,
        lastValueVisible: false,
      });
      chart.subscribeCrosshairMove((event) => {
        const mine = event.seriesData.get(first);
        const theirs = event.seriesData.get(other);
        if (typeof event.time !== "string" || !mine || !("value" in mine)) setHovered(null);
        else
          setHovered({
            day: event.time,
            value: mine.value,
            other: theirs && "value" in theirs ? theirs.value : null,
          });
      });
      drawn.current = { chart, first, second: other };
      setReady(true);
    });
    return () => {
      gone = true;
      drawn.current?.chart.remove();
      drawn.current = null;
    };
  }, []);

  useEffect(() => {
    if (!drawn.current) return;
    const { accent, line, muted, second: another, faint } = colours();
    drawn.current.chart.applyOptions({
      layout: { textColor: muted },
      grid: { horzLines: { color: line } },
      crosshair: {
        vertLine: { color: faint, labelVisible: false },
        horzLine: { visible: false, labelVisible: false },
      },
    });
    drawn.current.first.applyOptions({
      lineColor: accent,
      topColor: faded(accent, 0.18),
      bottomColor: faded(accent, 0),
    });
    drawn.current.second.applyOptions({ color: another });
  }, [ready, shown]);

  useEffect(() => {
    if (!drawn.current) return;
    performance.mark("chart-start");
    drawn.current.first.setData(points.map(({ day, value }) => ({ time: day, value })));
    drawn.current.second.setData((second ?? []).map(({ day, value }) => ({ time: day, value })));
    drawn.current.chart.timeScale().fitContent();
    performance.measure("chart-data", "chart-start");
  }, [ready, points, second]);

  useEffect(() => {
    const series = drawn.current?.first;
    if (!series || !marks) return;
    let clear: (() => void) | undefined;
    void import("lightweight-charts").then((library) => {
      if (!drawn.current) return;
      const made: SeriesMarker<Time>[] = marks.map(({ day, text }) => ({
        time: day,
        position: "aboveBar",
        shape: "circle",
        size: 0.6,
        text,
        color: token("--part-5"),
      }));
      const plugin = library.createSeriesMarkers(series, made);
      clear = () => plugin.setMarkers([]);
    });
    return () => clear?.();
  }, [ready, marks]);

  const [from, to] = [points[0], points.at(-1)];
  const described =
    from && to
      ? `${label}, ${formatDay(from.day)} to ${formatDay(to.day)}: from ${write(from.value)} to ${write(to.value)}.`
      : label;
  const reading =
    hovered ?? (to ? { day: to.day, value: to.value, other: second?.at(-1)?.value ?? null } : null);
  return (
    <figure>
      <figcaption className="flex h-5 items-baseline gap-3 text-xs text-muted">
        <span className="sr-only">{described}</span>
        {reading ? (
          <span aria-hidden="true" className="flex gap-3 figures">
            <span>{formatDay(reading.day)}</span>
            <span className="text-ink">
              {names ? `${names[0]} ${write(reading.value)}` : write(reading.value)}
            </span>
            {reading.other !== null && names ? (
              <span className="text-(--part-5)">{`${names[1]} ${write(reading.other)}`}</span>
            ) : null}
          </span>
        ) : null}
      </figcaption>
      <div aria-hidden="true" className="relative" ref={place} style={{ height }}>
        {ready ? null : <Skeleton className="absolute inset-0" />}
      </div>
    </figure>
  );
}
