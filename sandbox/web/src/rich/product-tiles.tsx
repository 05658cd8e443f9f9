import { IconBuildingStore, IconPackage } from '@tabler/icons-react';
import { keyed } from '../keyed.ts';
import classes from './product-tiles.module.css';

/** Tiles beside each other, so many at most. */
const SHOWN = 2;

/** Products by their ids: the catalogue with names and pictures is Meta's, and not here. */
export function ProductTiles({ productIds }: { productIds: string[] }) {
  const more = productIds.length - SHOWN;
  return (
    <div className={classes.tiles}>
      {productIds.length === 0 && (
        <div className={classes.tile}>
          <IconBuildingStore size={30} stroke={1.4} aria-hidden />
          Catalog
        </div>
      )}
      {keyed(productIds.slice(0, SHOWN)).map(({ key, item: id }) => (
        <div key={key} className={classes.tile}>
          <IconPackage size={30} stroke={1.4} aria-hidden />
          <span className={classes.id} title={id}>
            {id}
          </span>
        </div>
      ))}
      {more > 0 && <div className={`${classes.tile} ${classes.more}`}>+{more}</div>}
    </div>
  );
}
