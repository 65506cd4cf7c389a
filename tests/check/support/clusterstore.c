/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/clusterstore.h"

#include <gst/check/gstcheck.h>
#include <string.h>

typedef struct
{
  GBytes *value;
  guint64 revision;
} Record;

typedef struct
{
  StoreNode *node;
  guint64 number;
  gboolean put;
  gchar **scan; /* of the records that do not name these nodes alone; or NULL */
  gchar *key;
  GBytes *value;
  guint64 revision;
} Request;

/* An answer, if it has a number; else a telling, or what a scan has found. */
typedef struct
{
  guint64 number;
  gboolean found;
  VmClusterResult result;
  gchar *key;
  GBytes *value;
  guint64 revision;
} Mail;

static void
record_free (gpointer data)
{
  Record *record = data;

  g_bytes_unref (record->value);
  g_free (record);
}

static void
request_free (gpointer data)
{
  Request *request = data;

  g_free (request->key);
  g_strfreev (request->scan);
  g_clear_pointer (&request->value, g_bytes_unref);
  g_free (request);
}

static void
mail_free (gpointer data)
{
  Mail *mail = data;

  g_free (mail->key);
  g_clear_pointer (&mail->value, g_bytes_unref);
  g_free (mail);
}

static gchar *
describe (const VmClusterRecord *room)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; room && i < room->participants->len; i++) {
    const VmClusterParticipant *one = room->participants->pdata[i];

    g_string_append_printf (
        text, "%s%s=%s/%u", i ? " " : "", one->id, one->node, one->epoch);
  }
  return g_string_free (text, FALSE);
}

static void
hear (StoreNode *node, const gchar *what, guint epoch, const gchar *more)
{
  g_string_append_printf (node->heard, "%s%s %u %s",
      node->heard->len ? ", " : "", what, epoch, more);
}

static void
push_request (StoreNode *node, guint64 number, gboolean put, const gchar *key,
    GBytes *value, guint64 revision)
{
  Request *request = g_new0 (Request, 1);

  request->node = node;
  request->number = number;
  request->put = put;
  request->key = g_strdup (key);
  request->value = value ? g_bytes_ref (value) : NULL;
  request->revision = revision;
  g_queue_push_tail (&node->store->requests, request);
}

static void
on_get (guint64 request, const gchar *key, gpointer user_data)
{
  push_request (user_data, request, FALSE, key, NULL, 0);
}

static void
on_put (guint64 request, const gchar *key, GBytes *value, guint64 revision,
    gpointer user_data)
{
  push_request (user_data, request, TRUE, key, value, revision);
}

static void
on_beat (const gchar *name, gpointer user_data)
{
  StoreNode *node = user_data;
  Store *store = node->store;

  if (!store->away && !node->cut_off)
    g_hash_table_insert (store->beats, g_strdup (name),
        g_memdup2 (&store->now, sizeof store->now));
}

static void
on_list (gpointer user_data)
{
  /* by store_pass(): an answer within the request is not allowed */
}

static void
on_watch (const gchar *key, gpointer user_data)
{
  StoreNode *node = user_data;

  fail_unless (g_hash_table_add (node->watched, g_strdup (key)));
}

/* What it was told is not what is so from now on. */
static void
on_unwatch (const gchar *key, gpointer user_data)
{
  StoreNode *node = user_data;

  fail_unless (g_hash_table_remove (node->watched, key));
  g_hash_table_remove (node->view, key);
}

static void
on_scan (const gchar *const *nodes, gpointer user_data)
{
  StoreNode *node = user_data;
  Request *request = g_new0 (Request, 1);

  request->node = node;
  request->scan = g_strdupv ((gchar **) nodes);
  g_queue_push_tail (&node->store->requests, request);
}

static void
on_seated (guint epoch, const VmClusterRecord *room,
    const VmClusterParticipant *one, const GError *error, gpointer user_data)
{
  StoreNode *node = user_data;

  if (one) {
    fail_unless (room && vm_cluster_record_find (room, node->name, epoch));
    hear (node, "seated", epoch, one->id);
    fail_unless (g_hash_table_insert (
        node->held, GUINT_TO_POINTER (epoch), g_strdup (one->id)));
  } else {
    hear (node, "refused", epoch, vm_error_get_code (error));
  }
}

static void
on_gone (guint epoch, const GError *reason, gpointer user_data)
{
  StoreNode *node = user_data;

  hear (node, "gone", epoch, vm_error_get_code (reason));
  fail_unless (g_hash_table_remove (node->held, GUINT_TO_POINTER (epoch)));
}

static void
on_changed (const gchar *key, const VmClusterRecord *room, gpointer user_data)
{
  StoreNode *node = user_data;

  if (room)
    g_hash_table_insert (node->view, g_strdup (key), describe (room));
  else
    g_hash_table_remove (node->view, key);
}

void
store_start (StoreNode *node, const gchar *name)
{
  static const VmClusterFuncs funcs = { on_get, on_put, on_beat, on_list,
    on_watch, on_unwatch, on_scan, on_seated, on_gone, on_changed };

  g_free (node->name);
  node->name = g_strdup (name);
  node->cluster = vm_cluster_new (&funcs, node, name);
  vm_cluster_back (node->cluster, node->store->now);
}

Store *
store_new (void)
{
  Store *store = g_new0 (Store, 1);

  store->records =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, record_free);
  store->markers =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  store->beats =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  store->now = G_USEC_PER_SEC;
  for (guint i = 0; i < STORE_NODES; i++) {
    StoreNode *node = &store->nodes[i];
    g_autofree gchar *name = g_strdup_printf ("n%u", i + 1);

    node->store = store;
    node->heard = g_string_new (NULL);
    node->held = g_hash_table_new_full (NULL, NULL, NULL, g_free);
    node->view =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    node->watched =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    store_start (node, name);
  }
  return store;
}

void
store_free (Store *store)
{
  for (guint i = 0; i < STORE_NODES; i++) {
    StoreNode *node = &store->nodes[i];

    store_kill (node);
    g_free (node->name);
    g_string_free (node->heard, TRUE);
    g_hash_table_unref (node->held);
    g_hash_table_unref (node->view);
    g_hash_table_unref (node->watched);
  }
  g_queue_clear_full (&store->requests, request_free);
  g_hash_table_unref (store->records);
  g_hash_table_unref (store->markers);
  g_hash_table_unref (store->beats);
  g_free (store);
}

void
store_kill (StoreNode *node)
{
  g_clear_pointer (&node->cluster, vm_cluster_free);
  g_queue_clear_full (&node->mail, mail_free);
  g_hash_table_remove_all (node->held);
  g_hash_table_remove_all (node->view);
  g_hash_table_remove_all (node->watched);
}

void
store_wipe (Store *store)
{
  g_hash_table_remove_all (store->records);
  g_hash_table_remove_all (store->markers);
  g_hash_table_remove_all (store->beats);
  store->revision = 0;
}

static void
tell (StoreNode *node, guint64 number, VmClusterResult result, const gchar *key,
    GBytes *value, guint64 revision)
{
  Mail *mail = g_new0 (Mail, 1);

  mail->number = number;
  mail->result = result;
  mail->key = g_strdup (key);
  mail->value = value ? g_bytes_ref (value) : NULL;
  mail->revision = revision;
  g_queue_push_tail (&node->mail, mail);
}

static void
tell_all (Store *store, const gchar *key, GBytes *value)
{
  for (guint i = 0; i < STORE_NODES; i++) {
    StoreNode *node = &store->nodes[i];

    if (node->cluster && !node->cut_off && !store->forget_tellings
        && g_hash_table_contains (node->watched, key))
      tell (node, 0, VM_CLUSTER_DONE, key, value, store->revision);
  }
}

static void
set (Store *store, const gchar *key, GBytes *value)
{
  Record *record = g_new (Record, 1);

  store->revision++;
  record->value = value ? g_bytes_ref (value) : g_bytes_new (NULL, 0);
  record->revision = store->revision;
  g_hash_table_insert (store->records, g_strdup (key), record);
  if (!value) {
    g_hash_table_remove (store->records, key);
    g_hash_table_insert (store->markers, g_strdup (key),
        g_memdup2 (&store->revision, sizeof store->revision));
  }
  tell_all (store, key, value);
}

/* FALSE: a conflict. */
static gboolean
apply (Store *store, const Request *request)
{
  const Record *record = g_hash_table_lookup (store->records, request->key);

  if (!request->put)
    return TRUE;
  if ((record ? record->revision : 0) != request->revision)
    return FALSE;
  set (store, request->key, request->value);
  store->writes++;
  return TRUE;
}

static void
answer (Store *store, const Request *request, gboolean done)
{
  const Record *record = g_hash_table_lookup (store->records, request->key);
  const guint64 *marker = g_hash_table_lookup (store->markers, request->key);

  if (request->put)
    tell (request->node, request->number,
        done ? VM_CLUSTER_DONE : VM_CLUSTER_CONFLICT, request->key, NULL,
        store->revision);
  else
    tell (request->node, request->number, VM_CLUSTER_DONE, request->key,
        record ? record->value : NULL,
        record   ? record->revision
        : marker ? *marker
                 : 0);
}

static gboolean
names_other (const Record *record, gchar **nodes)
{
  g_autoptr (VmClusterRecord) read =
      vm_cluster_record_read (record->value, NULL);

  for (guint i = 0; read && i < read->participants->len; i++) {
    const VmClusterParticipant *one = read->participants->pdata[i];

    if (!g_strv_contains ((const gchar *const *) nodes, one->node))
      return TRUE;
  }
  return FALSE;
}

/* That finds nothing is not told. */
static void
scan (Store *store, const Request *request)
{
  GHashTableIter iter;
  gpointer key, record;

  if (store->away || request->node->cut_off || !request->node->cluster)
    return;
  store->scans++;
  g_hash_table_iter_init (&iter, store->records);
  while (g_hash_table_iter_next (&iter, &key, &record)) {
    if (!names_other (record, request->scan))
      continue;
    tell (request->node, 0, VM_CLUSTER_DONE, key, NULL, 0);
    ((Mail *) request->node->mail.tail->data)->found = TRUE;
  }
}

static StoreFault
take_fault (Store *store, const Request *request)
{
  StoreFault fault = store->fault;

  if (!store->always)
    store->fault = STORE_WELL;
  if (store->away || request->node->cut_off)
    return STORE_LOST_BEFORE;
  return fault;
}

gboolean
store_serve (Store *store)
{
  Request *request = g_queue_pop_head (&store->requests);
  StoreFault fault;
  gboolean done = FALSE;

  if (!request)
    return FALSE;
  if (request->scan) {
    scan (store, request);
    request_free (request);
    return TRUE;
  }
  fault = take_fault (store, request);
  store->reads += !request->put;
  if (fault == STORE_CONFLICT && !request->put)
    fault = STORE_WELL;
  if (fault == STORE_WELL || fault == STORE_LOST_AFTER
      || fault == STORE_SILENT_AFTER)
    done = apply (store, request);
  if (!request->node->cluster)
    ; /* it was killed while this was under way */
  else if (fault == STORE_LOST_BEFORE || fault == STORE_LOST_AFTER)
    tell (
        request->node, request->number, VM_CLUSTER_LOST, request->key, NULL, 0);
  else if (fault == STORE_WELL || fault == STORE_CONFLICT)
    answer (store, request, done);
  request_free (request);
  return TRUE;
}

gboolean
store_deliver (StoreNode *node)
{
  Mail *mail = g_queue_pop_head (&node->mail);

  if (!mail)
    return FALSE;
  if (mail->number)
    vm_cluster_answer (node->cluster, mail->number, mail->result, mail->value,
        mail->revision, node->store->now);
  else if (mail->found)
    vm_cluster_check (node->cluster, mail->key, node->store->now);
  else
    vm_cluster_told (node->cluster, mail->key, mail->value, mail->revision,
        node->store->now);
  node->told += !mail->number && !mail->found;
  mail_free (mail);
  return TRUE;
}

void
store_settle (Store *store)
{
  gboolean more = TRUE;

  for (guint n = 0; more; n++) {
    fail_unless (n < 100000, "the nodes do not come to rest");
    more = store_serve (store);
    for (guint i = 0; i < STORE_NODES; i++)
      more |= store_deliver (&store->nodes[i]);
  }
}

static void
list_beats (Store *store)
{
  g_autoptr (GPtrArray) alive = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name, since;

  g_hash_table_iter_init (&iter, store->beats);
  while (g_hash_table_iter_next (&iter, &name, &since)) {
    if (store->now - *(gint64 *) since < VM_CLUSTER_BEAT_AGE)
      g_ptr_array_add (alive, name);
  }
  g_ptr_array_add (alive, NULL);
  for (guint i = 0; i < STORE_NODES && !store->away; i++) {
    if (store->nodes[i].cluster && !store->nodes[i].cut_off)
      vm_cluster_nodes (store->nodes[i].cluster,
          (const gchar *const *) alive->pdata, store->now);
  }
}

void
store_pass (Store *store, guint seconds)
{
  while (seconds-- > 0) {
    store->now += G_USEC_PER_SEC;
    for (guint i = 0; i < STORE_NODES; i++) {
      if (store->nodes[i].cluster)
        vm_cluster_tick (store->nodes[i].cluster, store->now);
    }
    list_beats (store);
    store_settle (store);
  }
}

guint
store_seat (StoreNode *node, const gchar *room, guint size, const gchar *user,
    const gchar *key, const gchar *next, const gchar *token)
{
  g_autofree gchar *resume = next ? vm_cluster_key (next) : NULL;
  g_autofree gchar *device_id = key ? g_strdup_printf ("id-%s", user) : NULL;
  const VmClusterParticipant one = { .user = (gchar *) user,
    .device_id = device_id,
    .key = (gchar *) key,
    .resume = resume,
    .call_type = VM_CALL_TYPE_VIDEO };
  g_autofree gchar *id = g_strdup_printf ("begun-by-%s", user);
  g_autoptr (GError) error = NULL;
  guint epoch = vm_cluster_take_seat (
      node->cluster, room, id, size, 0, &one, token, node->store->now, &error);

  g_assert_no_error (error);
  fail_unless (epoch > 0);
  return epoch;
}

gchar *
store_look (Store *store, const gchar *room)
{
  g_autofree gchar *key = vm_cluster_key (room);
  const Record *record = g_hash_table_lookup (store->records, key);
  g_autoptr (VmClusterRecord) read = NULL;
  g_autoptr (GError) error = NULL;

  if (!record)
    return g_strdup ("");
  read = vm_cluster_record_read (record->value, &error);
  g_assert_no_error (error);
  fail_unless_equals_string (read->name, room);
  return describe (read);
}

void
store_put (Store *store, const gchar *room, gconstpointer data, gsize size)
{
  g_autofree gchar *key = vm_cluster_key (room);
  g_autoptr (GBytes) value = g_bytes_new (data, size);

  set (store, key, value);
}

void
store_leave (StoreNode *node, guint epoch)
{
  g_hash_table_remove (node->held, GUINT_TO_POINTER (epoch));
  vm_cluster_leave (node->cluster, epoch, node->store->now);
}

gboolean
store_watches (StoreNode *node, const gchar *room)
{
  g_autofree gchar *key = vm_cluster_key (room);

  return g_hash_table_contains (node->watched, key);
}

const gchar *
store_view_of (StoreNode *node, const gchar *room)
{
  g_autofree gchar *key = vm_cluster_key (room);
  const gchar *view = g_hash_table_lookup (node->view, key);

  return view ? view : "";
}
