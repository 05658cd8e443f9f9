import type { Place } from '../rich/rich.ts';
import { MapDrawing } from './map-drawing.tsx';
import classes from './place-card.module.css';

/** A location: a drawing, its words, and a link to where it is. */
export function PlaceCard({ place }: { place: Place }) {
  const { latitude, longitude, name, address, url } = place;
  if (latitude === undefined || longitude === undefined) {
    return (
      <div className={classes.place}>
        <span className={classes.words}>
          <span className={classes.name} dir="auto">
            {name ?? 'A place without coordinates'}
          </span>
          {address !== undefined && <span className={classes.address}>{address}</span>}
        </span>
      </div>
    );
  }
  const coordinates = `${latitude}, ${longitude}`;
  return (
    <a
      className={classes.place}
      href={
        url ??
        `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`
      }
      target="_blank"
      rel="noreferrer noopener"
      title="Open in a map"
    >
      <MapDrawing latitude={latitude} longitude={longitude} />
      <span className={classes.words}>
        <span className={classes.name} dir="auto">
          {name ?? coordinates}
        </span>
        {address !== undefined && (
          <span className={classes.address} dir="auto">
            {address}
          </span>
        )}
        {name !== undefined && <span className={classes.address}>{coordinates}</span>}
      </span>
    </a>
  );
}
