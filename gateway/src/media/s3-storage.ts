import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Storage } from './storage.ts';

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** Of a store that is not Amazon's. */
  readonly endpoint: string | undefined;
  /** Undefined: as the machine has them (environment, profile, role). */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Before every key. */
  readonly prefix: string;
}

/** Files in a bucket of S3, or of a store that speaks its protocol. */
export function s3Storage(options: S3Options): Storage {
  const { bucket: Bucket, prefix } = options;
  const client = new S3Client({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint, forcePathStyle: true }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    // Stores that are not Amazon's do not know its newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  return {
    put: async (key, bytes, mimeType) => {
      await client.send(
        new PutObjectCommand({ Bucket, Key: `${prefix}${key}`, Body: bytes, ContentType: mimeType }),
      );
    },
    get: async (key, range) => {
      try {
        const Range = range === undefined ? undefined : `bytes=${range.start}-${range.end}`;
        const found = await client.send(new GetObjectCommand({ Bucket, Key: `${prefix}${key}`, Range }));
        return found.Body as Readable | undefined;
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    remove: async key => {
      await client.send(new DeleteObjectCommand({ Bucket, Key: `${prefix}${key}` }));
    },
    close: () => client.destroy(),
  };
}
