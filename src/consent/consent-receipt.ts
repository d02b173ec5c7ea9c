/**
 * What a person agreed to, as a record that they can keep and anybody can check: the fields of ISO/IEC TS 27560 in the words of the W3C Data Privacy Vocabulary
 * (guide "Consent records", schema `receipt-full`), signed as a JWS (RFC 7515) with an Ed25519 key of this installation. It verifies offline with the public key
 * alone. The words are those of the policy under which the choice was made, not today's.
 */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { CompactSign, calculateJwkThumbprint } from 'jose';
import type { Sql } from '../database/database.ts';
import { type Policy, entryOf } from '../policy/policy.ts';
import { eventsFor, fieldsFor } from '../policy/views.ts';
import type { Installation } from './installation.ts';
import { type ConsentEntry, consentHistory } from './ledger.ts';

/** The public key that receipts verify with, as a JWK (RFC 8037). */
export interface ReceiptKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
}

const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

function privateKeyOf(installation: Pick<Installation, 'keys'>) {
  const seed = installation.keys.derived('consent-receipt');
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
}

export async function receiptKey(installation: Pick<Installation, 'keys'>): Promise<ReceiptKey> {
  const { x = '' } = createPublicKey(privateKeyOf(installation)).export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x });
  return { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' };
}

/** A signed receipt for every choice of a person, oldest first. */
export async function consentReceipts(
  installation: Installation,
  sql: Sql,
  personId: string,
): Promise<{ readonly entry: ConsentEntry; readonly jws: string }[]> {
  const entries = await consentHistory(sql, personId);
  const rows = await sql.query<{ policy_version: number; document: Policy }>(
    'select policy_version, document from policy_versions where policy_version = any($1::integer[])',
    [[...new Set(entries.map(({ policyVersion }) => policyVersion))]],
  );
  const policies = new Map(rows.map((row) => [row.policy_version, row.document]));
  const [key, { kid }] = [privateKeyOf(installation), await receiptKey(installation)];
  return Promise.all(
    entries.map(async (entry) => {
      const record = receiptRecord(policies.get(entry.policyVersion) ?? installation.policy, personId, entry);
      const jws = await new CompactSign(new TextEncoder().encode(JSON.stringify(record)))
        .setProtectedHeader({ alg: 'EdDSA', typ: 'consent-receipt+json', kid })
        .sign(key);
      return { entry, jws };
    }),
  );
}

/** The record itself; the comments name the fields of ISO/IEC TS 27560 where the vocabulary calls them otherwise. */
function receiptRecord(policy: Policy, personId: string, entry: ConsentEntry) {
  const purpose = entryOf(policy.purposes, entry.purpose);
  const { controller } = policy;
  const isGiven = entry.action === 'grant';
  return {
    '@context': { dpv: 'https://w3id.org/dpv#', dct: 'http://purl.org/dc/terms/' },
    '@type': 'dpv:ConsentReceipt',
    'dct:conformsTo': 'https://w3id.org/dpv/schema/iso-27560#receipt-full',
    'dct:identifier': entry.entryId, // receipt id
    'dpv:hasDataSubject': personId, // pii principal id
    'dpv:hasNotice': {
      '@type': 'dpv:ConsentNotice',
      'dct:hasVersion': entry.noticeVersion,
      'dct:language': controller.language ?? 'en',
      'dct:title': purpose?.title ?? entry.purpose,
      'dct:description': purpose?.notice ?? '',
    },
    'dpv:hasProcess': {
      'dpv:hasPurpose': { '@id': entry.purpose, 'dct:title': purpose?.title ?? entry.purpose },
      'dpv:hasLegalBasis':
        purpose?.basis === 'explicit-consent'
          ? 'dpv:ExplicitlyExpressedConsent'
          : purpose?.basis === 'opt-out'
            ? { '@type': 'dpv:LegalBasis', 'dct:title': purpose.law }
            : 'dpv:ExpressedConsent',
      'dpv:hasPersonalData': [...eventsFor(policy, entry.purpose), ...fieldsFor(policy, entry.purpose)], // pii information
      'dpv:hasDataController': { 'dpv:hasName': controller.name, 'dpv:hasContact': controller.contact },
      'dpv:hasRecipient': purpose?.recipients ?? [],
      'dpv:hasStorageCondition': { 'dpv:hasDuration': purpose?.keepFor ?? '' }, // retention period
      'dpv:hasJurisdiction': controller.regions,
      'dpv:hasAlgorithmicLogic':
        'Suggestions are ranked by a linear model of what people chose together; each one can be explained, and none decides about a person in the sense of GDPR Art. 22.',
    },
    'dpv:hasConsentControl': [
      { '@type': 'dpv:WithdrawConsent', 'dct:title': 'in the privacy centre, at /privacy, at any time' },
    ],
    'dpv:hasRight': ['dpv:A7-3', 'dpv:A15', 'dpv:A16', 'dpv:A17', 'dpv:A18', 'dpv:A20', 'dpv:A21', 'dpv:A77'],
    'dpv:hasConsentStatus': isGiven ? 'dpv:ConsentGiven' : 'dpv:ConsentWithdrawn', // event type and state
    'dpv:isIndicatedBy': 'dpv:DataSubject',
    'dpv:hasIndicationMethod': entry.method,
    'dpv:isIndicatedAtTime': entry.at.toISOString(), // event time
    'dct:source': entry.source,
    'dct:created': entry.recordedAt.toISOString(),
  };
}
