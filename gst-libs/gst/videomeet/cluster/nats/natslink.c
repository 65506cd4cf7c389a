/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/nats/natslink.h"

#include <string.h>

#define NODES "vm_nodes"
#define NANOSECONDS 1000 /* of a µs */
#define OPERATION "KV-Operation" /* ADR-8 of NATS: of what is no value */

static const struct
{
  const gchar *name;
  gint64 age; /* µs; 0: for ever */
  jsStorageType storage;
} buckets[VM_CLUSTER_N_BUCKETS] = {
  [VM_CLUSTER_ROOMS] = { "vm_rooms", 0, js_FileStorage },
  [VM_CLUSTER_TICKETS] = { "vm_tickets", VM_TICKET_TIME, js_MemoryStorage },
  [VM_CLUSTER_JTI] = { "vm_jti", VM_CLUSTER_JTI_TIME, js_MemoryStorage },
};

/* The bucket @name, which is made if it is not there. */
static natsStatus
open_bucket (kvStore **bucket, jsCtx *stream, const gchar *name, gint64 age,
    jsStorageType storage)
{
  natsStatus status = js_KeyValue (bucket, stream, name);
  kvConfig config;

  if (status != NATS_NOT_FOUND)
    return status;
  kvConfig_Init (&config);
  config.Bucket = name;
  config.History = 1;
  config.TTL = age * NANOSECONDS;
  config.StorageType = storage;
  return js_CreateKeyValue (bucket, stream, &config);
}

/* Without the line of libnats that says so: "(conn.c:2088): ". */
static const gchar *
skip_place (const gchar *detail)
{
  const gchar *end = *detail == '(' ? strstr (detail, "): ") : NULL;

  return end ? end + strlen ("): ") : detail;
}

/* What libnats says of the last thing that failed in this thread tells more
 * than its status, but of what is refused it tells the same twice. */
static void
set_error (GError **error, natsStatus status)
{
  natsStatus last = NATS_OK;
  const char *detail = nats_GetLastError (&last);
  const gchar *text = natsStatus_GetText (status);
  gboolean refused = status == NATS_CONNECTION_AUTH_FAILED
                     || status == NATS_NOT_PERMITTED
                     || status == NATS_SSL_ERROR;

  if (status == NATS_NO_RESPONDERS)
    detail = "it has no JetStream";
  else if (last != status || !detail || !*detail)
    detail = text;
  g_set_error (error, VM_ERROR,
      refused ? VM_ERROR_NOT_TRUSTED : VM_ERROR_DISCONNECTED, "%s",
      skip_place (detail));
}

VmNatsLink *
vm_nats_link_new (natsOptions *options, GError **error)
{
  VmNatsLink *link = g_new0 (VmNatsLink, 1);
  jsOptions settings;
  natsStatus status;

  jsOptions_Init (&settings);
  settings.Wait = VM_NATS_ANSWER_TIME;
  status = natsConnection_Connect (&link->connection, options);
  if (status == NATS_OK)
    status =
        natsConnection_JetStream (&link->stream, link->connection, &settings);
  for (guint i = 0; status == NATS_OK && i < VM_CLUSTER_N_BUCKETS; i++)
    status = open_bucket (&link->buckets[i], link->stream, buckets[i].name,
        buckets[i].age, buckets[i].storage);
  if (status == NATS_OK)
    status = open_bucket (&link->nodes, link->stream, NODES,
        VM_CLUSTER_BEAT_AGE, js_MemoryStorage);
  if (status == NATS_OK)
    return link;
  set_error (error, status);
  vm_nats_link_free (link);
  return NULL;
}

void
vm_nats_link_free (VmNatsLink *link)
{
  for (guint i = 0; i < VM_CLUSTER_N_BUCKETS; i++)
    kvStore_Destroy (link->buckets[i]);
  kvStore_Destroy (link->nodes);
  jsCtx_Destroy (link->stream);
  natsConnection_Destroy (link->connection);
  g_free (link);
}

gboolean
vm_nats_link_is_lost (VmNatsLink *link)
{
  return link->lost || natsConnection_IsClosed (link->connection);
}

static gchar *
stream_of (VmClusterBucket bucket)
{
  return g_strdup_printf ("KV_%s", buckets[bucket].name);
}

static gchar *
subject_of (VmClusterBucket bucket, const gchar *key)
{
  return g_strdup_printf ("$KV.%s.%s", buckets[bucket].name, key);
}

gboolean
vm_nats_link_has_gone_back (VmNatsLink *link, guint64 revision)
{
  g_autofree gchar *stream = stream_of (VM_CLUSTER_ROOMS);
  jsStreamInfo *info = NULL;
  jsErrCode code = 0;
  natsStatus status =
      js_GetStreamInfo (&info, link->stream, stream, NULL, &code);
  gboolean back = code == JSStreamNotFoundErr;

  if (status == NATS_OK && !link->made)
    link->made = info->Created;
  if (status == NATS_OK)
    back = info->Created != link->made || info->State.LastSeq < revision;
  jsStreamInfo_Destroy (info);
  return back;
}

/* A request that nobody answers for, though JetStream was there when the link
 * was made: its bucket has been removed. */
static void
look_whether_lost (VmNatsLink *link, natsStatus status, jsErrCode code)
{
  if (status == NATS_NO_RESPONDERS || code == JSStreamNotFoundErr)
    link->lost = TRUE;
}

/* Not by kvStore_Get(), which does not tell a key that is not there from a
 * bucket that is not. */
VmClusterResult
vm_nats_link_get (VmNatsLink *link, VmClusterBucket bucket, const gchar *key,
    GBytes **value, guint64 *revision)
{
  g_autofree gchar *stream = stream_of (bucket);
  g_autofree gchar *subject = subject_of (bucket, key);
  const char *operation = NULL;
  natsMsg *message = NULL;
  jsErrCode code = 0;
  natsStatus status =
      js_GetLastMsg (&message, link->stream, stream, subject, NULL, &code);

  if (code == JSNoMessageFoundErr)
    return VM_CLUSTER_DONE;
  if (status != NATS_OK) {
    look_whether_lost (link, status, code);
    return VM_CLUSTER_LOST;
  }
  *revision = natsMsg_GetSequence (message);
  if (natsMsgHeader_Get (message, OPERATION, &operation) != NATS_OK)
    *value = g_bytes_new (
        natsMsg_GetData (message), natsMsg_GetDataLength (message));
  natsMsg_Destroy (message);
  return VM_CLUSTER_DONE;
}

/* libnats creates also what was removed; why it did not, it does not tell. */
static VmClusterResult
create (VmNatsLink *link, VmClusterBucket bucket, const gchar *key,
    GBytes *value, guint64 *revision)
{
  g_autoptr (GBytes) other = NULL;
  gsize size;
  const void *data = g_bytes_get_data (value, &size);

  if (kvStore_Create (revision, link->buckets[bucket], key, data, (int) size)
      == NATS_OK)
    return VM_CLUSTER_DONE;
  if (vm_nats_link_get (link, bucket, key, &other, revision) == VM_CLUSTER_DONE
      && other)
    return VM_CLUSTER_CONFLICT;
  return VM_CLUSTER_LOST;
}

/* libnats 3.4 has no removal of a certain revision, so it is said to the stream
 * in its own words (ADR-8 of NATS). */
static VmClusterResult
replace (VmNatsLink *link, VmClusterBucket bucket, const gchar *key,
    GBytes *value, guint64 expected, guint64 *revision)
{
  g_autofree gchar *subject = subject_of (bucket, key);
  gsize size = 0;
  const void *data = value ? g_bytes_get_data (value, &size) : NULL;
  natsMsg *message = NULL;
  jsPubAck *ack = NULL;
  jsPubOptions settings;
  jsErrCode code = 0;
  natsStatus status;

  jsPubOptions_Init (&settings);
  settings.ExpectLastSubjectSeq = expected;
  status = natsMsg_Create (&message, subject, NULL, data, (int) size);
  if (status == NATS_OK && !value)
    status = natsMsgHeader_Set (message, OPERATION, "DEL");
  if (status == NATS_OK)
    status = js_PublishMsg (&ack, link->stream, message, &settings, &code);
  if (status == NATS_OK)
    *revision = ack->Sequence;
  jsPubAck_Destroy (ack);
  natsMsg_Destroy (message);
  if (status == NATS_OK)
    return VM_CLUSTER_DONE;
  look_whether_lost (link, status, code);
  return code == JSStreamWrongLastSequenceErr ? VM_CLUSTER_CONFLICT
                                              : VM_CLUSTER_LOST;
}

VmClusterResult
vm_nats_link_put (VmNatsLink *link, VmClusterBucket bucket, const gchar *key,
    GBytes *value, guint64 expected, guint64 *revision)
{
  if (expected)
    return replace (link, bucket, key, value, expected, revision);
  return value ? create (link, bucket, key, value, revision)
               : VM_CLUSTER_CONFLICT;
}

void
vm_nats_link_beat (VmNatsLink *link, const gchar *node)
{
  natsStatus status = kvStore_PutString (NULL, link->nodes, node, "1");

  if (status != NATS_OK)
    g_info ("NATS takes no beat: %s", natsStatus_GetText (status));
  look_whether_lost (link, status, 0);
}

gchar **
vm_nats_link_list (VmNatsLink *link)
{
  kvWatchOptions settings;
  kvKeysList list = { NULL, 0 };
  gchar **nodes;
  natsStatus status;

  kvWatchOptions_Init (&settings);
  settings.Timeout = VM_NATS_ANSWER_TIME;
  status = kvStore_Keys (&list, link->nodes, &settings);
  if (status == NATS_NOT_FOUND)
    return g_new0 (gchar *, 1);
  if (status != NATS_OK)
    return NULL;
  nodes = g_new0 (gchar *, list.Count + 1);
  for (int i = 0; i < list.Count; i++)
    nodes[i] = g_strdup (list.Keys[i]);
  kvKeysList_Destroy (&list);
  return nodes;
}

/* The marker alone, and what was before it. */
static void
drop (VmNatsLink *link, kvEntry *marker)
{
  g_autofree gchar *subject =
      subject_of (VM_CLUSTER_ROOMS, kvEntry_Key (marker));
  g_autofree gchar *stream = stream_of (VM_CLUSTER_ROOMS);
  jsOptions settings;

  jsOptions_Init (&settings);
  settings.Wait = VM_NATS_ANSWER_TIME;
  settings.Stream.Purge.Subject = subject;
  settings.Stream.Purge.Sequence = kvEntry_Revision (marker) + 1;
  js_PurgeStream (link->stream, stream, &settings, NULL);
}

void
vm_nats_link_sweep (VmNatsLink *link, gint64 age)
{
  gint64 before = g_get_real_time () - age;
  kvWatcher *watcher = NULL;
  kvWatchOptions settings;
  kvEntry *entry = NULL;

  kvWatchOptions_Init (&settings);
  settings.MetaOnly = true;
  if (kvStore_WatchAll (&watcher, link->buckets[VM_CLUSTER_ROOMS], &settings)
      != NATS_OK)
    return;
  /* an entry that is none comes after the last */
  while (kvWatcher_Next (&entry, watcher, VM_NATS_ANSWER_TIME) == NATS_OK
         && entry) {
    if (kvEntry_Operation (entry) != kvOp_Put
        && kvEntry_Created (entry) / NANOSECONDS <= before)
      drop (link, entry);
    kvEntry_Destroy (entry);
    entry = NULL;
  }
  kvWatcher_Destroy (watcher);
}
