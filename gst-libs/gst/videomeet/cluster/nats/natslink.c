/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/nats/natssubscriptions.h"

#include <string.h>

#define RECORDS "vm_records"
#define NODES "vm_nodes"
#define NODE_SUBJECT "$KV." NODES "."
#define NANOSECONDS 1000 /* of a µs */

static const struct
{
  const gchar *name;
  gint64 age; /* µs; 0: for ever */
  jsStorageType storage;
} buckets[VM_CLUSTER_N_BUCKETS] = {
  [VM_CLUSTER_ROOMS] = { RECORDS, 0, js_FileStorage },
  [VM_CLUSTER_TICKETS] = { "vm_tickets", VM_TICKET_TIME, js_MemoryStorage },
  [VM_CLUSTER_JTI] = { "vm_jti", VM_CLUSTER_JTI_TIME, js_MemoryStorage },
};

/* Opens the bucket @name, or makes it. The bucket of records republishes each
 * write under another subject, for those who subscribe to it. NATS does not
 * change this setting of a bucket that exists. */
static natsStatus
open_bucket (kvStore **bucket, jsCtx *stream, const gchar *name, gint64 age,
    jsStorageType storage)
{
  natsStatus status = js_KeyValue (bucket, stream, name);
  jsRePublish telling;
  kvConfig config;

  if (status != NATS_NOT_FOUND)
    return status;
  kvConfig_Init (&config);
  config.Bucket = name;
  config.History = 1;
  config.TTL = age * NANOSECONDS;
  config.StorageType = storage;
  jsRePublish_Init (&telling);
  telling.Source = "$KV." RECORDS ".*";
  telling.Destination = VM_NATS_CHANGES_SUBJECT "$1";
  if (strcmp (name, RECORDS) == 0)
    config.RePublish = &telling;
  return js_CreateKeyValue (bucket, stream, &config);
}

/* Leaves out the place in libnats: "(conn.c:2088): ". */
static const gchar *
skip_place (const gchar *detail)
{
  const gchar *end = *detail == '(' ? strstr (detail, "): ") : NULL;

  return end ? end + strlen ("): ") : detail;
}

/* The message of libnats for the last failure in this thread says more than the
 * status, except for a refusal, where it repeats it. */
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

static gchar *
stream_of (VmClusterBucket bucket)
{
  return g_strdup_printf ("KV_%s", buckets[bucket].name);
}

/* Reads when the bucket of records was made. FALSE: it does not republish, as
 * it was made by another program or by NATS before 2.9. */
static gboolean
read_records (VmNatsLink *link, GError **error)
{
  g_autofree gchar *stream = stream_of (VM_CLUSTER_ROOMS);
  jsStreamInfo *info = NULL;
  natsStatus status =
      js_GetStreamInfo (&info, link->stream, stream, NULL, NULL);
  gboolean tells = status == NATS_OK && info->Config->RePublish;

  link->made = tells ? info->Created : 0;
  jsStreamInfo_Destroy (info);
  if (status != NATS_OK)
    set_error (error, status);
  else if (!tells)
    g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED,
        "its bucket " RECORDS " does not republish what is written, as NATS "
        "2.9 does if no other program has made the bucket");
  return tells;
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
  if (status != NATS_OK)
    set_error (error, status);
  if (status == NATS_OK && read_records (link, error))
    return link;
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
subject_of (VmClusterBucket bucket, const gchar *key)
{
  return g_strdup_printf ("$KV.%s.%s", buckets[bucket].name, key);
}

gboolean
vm_nats_link_is_young (VmNatsLink *link)
{
  /* NATS's own clock, in ns */
  return g_get_real_time () - link->made / NANOSECONDS < VM_CLUSTER_YOUNG_TIME;
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

  if (status == NATS_OK)
    back = info->Created != link->made || info->State.LastSeq < revision;
  jsStreamInfo_Destroy (info);
  return back;
}

/* Nobody answers the request, though JetStream was there when the link was
 * made: its bucket has been removed. */
static void
look_whether_lost (VmNatsLink *link, natsStatus status, jsErrCode code)
{
  if (status == NATS_NO_RESPONDERS || code == JSStreamNotFoundErr)
    link->lost = TRUE;
}

/* kvStore_Get() does not distinguish a missing key from a missing bucket. */
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
  if (natsMsgHeader_Get (message, VM_NATS_OPERATION, &operation) != NATS_OK)
    *value = g_bytes_new (
        natsMsg_GetData (message), natsMsg_GetDataLength (message));
  natsMsg_Destroy (message);
  return VM_CLUSTER_DONE;
}

/* libnats creates a key also after its removal; it gives no reason when it does
 * not. */
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

/* libnats 3.4 cannot remove a key at an expected revision, so this publishes
 * the message that ADR-8 of NATS defines. */
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
    status = natsMsgHeader_Set (message, VM_NATS_OPERATION, "DEL");
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

/* The subjects of the stream come in one answer, however many there are. A list
 * of the bucket's keys takes a message for each key, and every node lists every
 * three seconds. */
gchar **
vm_nats_link_list (VmNatsLink *link)
{
  jsStreamInfo *info = NULL;
  jsOptions settings;
  jsErrCode code = 0;
  const jsStreamStateSubjects *subjects;
  gchar **nodes;
  natsStatus status;

  jsOptions_Init (&settings);
  settings.Wait = VM_NATS_ANSWER_TIME;
  settings.Stream.Info.SubjectsFilter = NODE_SUBJECT ">";
  status =
      js_GetStreamInfo (&info, link->stream, "KV_" NODES, &settings, &code);
  if (status != NATS_OK) {
    look_whether_lost (link, status, code);
    return NULL;
  }
  subjects = info->State.Subjects;
  nodes = g_new0 (gchar *, (subjects ? subjects->Count : 0) + 1);
  for (int i = 0; subjects && i < subjects->Count; i++)
    nodes[i] = g_strdup (subjects->List[i].Subject + strlen (NODE_SUBJECT));
  jsStreamInfo_Destroy (info);
  return nodes;
}

/* Removes the marker and what is older. */
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

static gboolean
names_other (GBytes *value, GHashTable *nodes)
{
  g_autoptr (VmClusterRecord) record = vm_cluster_record_read (value, NULL);

  for (guint i = 0; record && i < record->participants->len; i++) {
    const VmClusterParticipant *one = record->participants->pdata[i];

    if (!g_hash_table_contains (nodes, one->node))
      return TRUE;
  }
  return FALSE;
}

/* FALSE: the scan is to end. */
static gboolean
scan_entry (VmNatsLink *link, kvEntry *entry, GHashTable *nodes, gint64 before,
    VmNatsFound found, gpointer user_data)
{
  g_autoptr (GBytes) value = NULL;

  if (kvEntry_Operation (entry) != kvOp_Put) {
    if (kvEntry_Created (entry) / NANOSECONDS <= before)
      drop (link, entry);
    return TRUE;
  }
  value = g_bytes_new (kvEntry_Value (entry), kvEntry_ValueLen (entry));
  return !names_other (value, nodes) || found (kvEntry_Key (entry), user_data);
}

void
vm_nats_link_scan (VmNatsLink *link, const gchar *const *nodes, gint64 age,
    VmNatsFound found, gpointer user_data)
{
  gint64 before = g_get_real_time () - age;
  g_autoptr (GHashTable) living = g_hash_table_new (g_str_hash, g_str_equal);
  kvWatcher *watcher = NULL;
  kvEntry *entry = NULL;
  gboolean more = TRUE;

  for (guint i = 0; nodes[i]; i++)
    g_hash_table_add (living, (gpointer) nodes[i]);
  if (kvStore_WatchAll (&watcher, link->buckets[VM_CLUSTER_ROOMS], NULL)
      != NATS_OK)
    return;
  /* an entry that is none comes after the last */
  while (more
         && kvWatcher_Next (&entry, watcher, VM_NATS_ANSWER_TIME) == NATS_OK
         && entry) {
    more = scan_entry (link, entry, living, before, found, user_data);
    kvEntry_Destroy (entry);
    entry = NULL;
  }
  kvWatcher_Destroy (watcher);
}
