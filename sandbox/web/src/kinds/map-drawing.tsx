import classes from './map-drawing.module.css';

const WIDTH = 290;
const HEIGHT = 140;

/** Numbers from 0 to 1 that are always the same for the same place (mulberry32). */
function numbersOf(latitude: number, longitude: number): () => number {
  let state =
    Math.imul(Math.round(latitude * 1e4), 0x9e3779b1) ^ Math.imul(Math.round(longitude * 1e4), 0x85ebca6b);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A drawing that looks like a map, different at every place, and asks no map service for anything. */
export function MapDrawing({ latitude, longitude }: { latitude: number; longitude: number }) {
  const next = numbersOf(latitude, longitude);
  const turn = next() * 50 - 25;
  const streets = Array.from({ length: 13 }, (_, index) => -180 + index * (38 + next() * 12));
  const river = 20 + next() * 110;
  const park = { x: next() * 190, y: next() * 70, width: 50 + next() * 60, height: 34 + next() * 40 };
  return (
    <svg className={classes.map} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <rect className={classes.land} width={WIDTH} height={HEIGHT} />
      <rect className={classes.park} {...park} rx={8} transform={`rotate(${turn} 145 70)`} />
      <path
        className={classes.water}
        d={`M-10 ${river} C 80 ${river - 60}, 180 ${river + 70}, 300 ${river - 20}`}
        fill="none"
        strokeWidth={13}
      />
      <g transform={`rotate(${turn} 145 70)`} strokeWidth={4.5}>
        {streets.map(at => (
          <path key={at} className={classes.street} d={`M${at + 90} -200V340M-160 ${at + 60}H450`} />
        ))}
        <path className={classes.road} d={`M-160 ${44 + next() * 50}H450`} strokeWidth={9} />
      </g>
      <path
        className={classes.pin}
        d="M145 74c-8-12-15-18-15-28a15 15 0 0 1 30 0c0 10-7 16-15 28Z"
        stroke="rgb(0 0 0 / 18%)"
      />
      <circle className={classes.hole} cx={145} cy={46} r={5.5} />
    </svg>
  );
}
