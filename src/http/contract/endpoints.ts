/** Every endpoint there is, by the name under which the client calls it. Whatever is not here does not exist. */
import * as consents from './consents.ts';
import * as decisions from './decisions.ts';
import type { Endpoint } from './endpoint.ts';
import * as intake from './intake.ts';
import * as items from './items.ts';
import * as models from './models.ts';
import * as people from './people.ts';
import * as rights from './rights.ts';
import * as sending from './sending.ts';
import * as server from './server.ts';

export const endpoints = {
  track: intake.trackMessage,
  identify: intake.identifyMessage,
  page: intake.pageMessage,
  screen: intake.screenMessage,
  group: intake.groupMessage,
  alias: intake.aliasMessage,
  batch: intake.batchMessages,
  listPurposes: consents.listPurposes,
  recordConsents: consents.recordConsents,
  lookUpConsents: consents.lookUpConsents,
  consentReceiptKey: consents.consentReceiptKey,
  putItems: items.putItems,
  postItems: items.postItems,
  listItems: items.listItems,
  withdrawItem: items.withdrawItem,
  decide: decisions.decide,
  readDecision: decisions.readDecision,
  readWhy: decisions.readWhy,
  readProof: decisions.readProof,
  reportShown: decisions.reportShown,
  reportClicked: decisions.reportClicked,
  lookUpPerson: people.lookUpPerson,
  viewPerson: people.viewPerson,
  exportPerson: people.exportPerson,
  listConsentReceipts: people.listConsentReceipts,
  linkToPrivacyCentre: people.linkToPrivacyCentre,
  readDial: people.readDial,
  setDial: people.setDial,
  excludeFromPerson: people.excludeFromPerson,
  forgetPerson: people.forgetPerson,
  listReceipts: people.listReceipts,
  listModels: models.listModels,
  listAudiences: sending.listAudiences,
  countAudience: sending.countAudience,
  listRemovals: sending.listRemovals,
  createBatch: sending.createBatch,
  listBatches: sending.listBatches,
  readBatch: sending.readBatch,
  approveBatch: sending.approveBatch,
  cancelBatch: sending.cancelBatch,
  readContent: sending.readContent,
  complain: rights.complain,
  reportAbuse: rights.reportAbuse,
  listComplaints: rights.listComplaints,
  readComplaint: rights.readComplaint,
  answerComplaint: rights.answerComplaint,
  listPauses: rights.listPauses,
  pausePlacement: rights.pausePlacement,
  resumePlacement: rights.resumePlacement,
  openApiDocument: server.openApiDocument,
  healthy: server.healthy,
  ready: server.ready,
  metrics: server.metrics,
  globalPrivacyControl: server.globalPrivacyControl,
  securityContact: server.securityContact,
} as const satisfies Readonly<Record<string, Endpoint>>;

export type EndpointName = keyof typeof endpoints;

export const endpointNames = Object.keys(endpoints) as EndpointName[]; // the keys of a constant
