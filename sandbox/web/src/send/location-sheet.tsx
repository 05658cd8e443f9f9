import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { numberOf } from '../fields.ts';
import { PlaceCard } from '../kinds/place-card.tsx';
import { Sheet } from '../sheet.tsx';
import classes from './form.module.css';
import { Refusal } from './refusal.tsx';
import { useSend } from './use-send.ts';

interface LocationSheetProps {
  opened: boolean;
  onClose: () => void;
  quotes?: string;
}

export function LocationSheet({ opened, onClose, quotes }: LocationSheetProps) {
  return (
    <Sheet opened={opened} onClose={onClose} title="Send a location">
      <LocationForm onSent={onClose} quotes={quotes} />
    </Sheet>
  );
}

/** A coordinate of the earth, or undefined. */
function degrees(text: string, most: number): number | undefined {
  const value = numberOf(text.replace(',', '.'));
  return value !== undefined && Math.abs(value) <= most ? value : undefined;
}

function LocationForm({ onSent, quotes }: { onSent: () => void; quotes: string | undefined }) {
  // The Royal Observatory: somewhere to begin.
  const [latitude, setLatitude] = useState('51.4779');
  const [longitude, setLongitude] = useState('-0.0015');
  const [name, setName] = useState('');
  const [address, setAddress] = useState('');
  const send = useSend();
  const place = {
    latitude: degrees(latitude, 90),
    longitude: degrees(longitude, 180),
    name: name.trim() || undefined,
    address: address.trim() || undefined,
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (place.latitude === undefined || place.longitude === undefined) return;
    send.mutate(
      {
        outgoing: {
          type: 'location',
          location: { ...place, latitude: place.latitude, longitude: place.longitude },
        },
        quotes,
      },
      { onSuccess: onSent },
    );
  };
  return (
    <form className={classes.form} onSubmit={submit}>
      <PlaceCard place={place} />
      <div className={classes.pair}>
        <TextInput
          data-autofocus
          label="Latitude"
          inputMode="decimal"
          value={latitude}
          error={place.latitude === undefined ? '−90 to 90' : undefined}
          onChange={event => setLatitude(event.currentTarget.value)}
        />
        <TextInput
          label="Longitude"
          inputMode="decimal"
          value={longitude}
          error={place.longitude === undefined ? '−180 to 180' : undefined}
          onChange={event => setLongitude(event.currentTarget.value)}
        />
      </div>
      <TextInput
        label="Name"
        dir="auto"
        value={name}
        onChange={event => setName(event.currentTarget.value)}
      />
      <TextInput
        label="Address"
        dir="auto"
        value={address}
        onChange={event => setAddress(event.currentTarget.value)}
      />
      <Refusal error={send.error} />
      <Button type="submit" loading={send.isPending}>
        Send location
      </Button>
    </form>
  );
}
