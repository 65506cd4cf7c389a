/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/sharenet.h"

#include <string.h>

typedef struct
{
  enum
  {
    GET,
    PUT,
    ANSWER,
    TOLD,
    SCAN,
    FOUND,
    BACK,
    FRAME,
  } kind;
  NetNode *node; /* that asks, or is told */
  VmClusterBucket bucket;
  guint64 number;
  gchar *key;
  GBytes *value;
  guint64 revision;
  VmClusterResult result;
  gchar **nodes; /* of a scan */
} Mail;

typedef struct
{
  GBytes *value;
  guint64 revision;
} Record;

Net *net;
static guint8 dice;

static void
record_free (gpointer data)
{
  Record *record = data;

  g_bytes_unref (record->value);
  g_free (record);
}

static void
mail_free (gpointer data)
{
  Mail *mail = data;

  g_free (mail->key);
  g_strfreev (mail->nodes);
  g_clear_pointer (&mail->value, g_bytes_unref);
  g_free (mail);
}

static void
post (Mail mail)
{
  mail.key = g_strdup (mail.key);
  mail.nodes = g_strdupv (mail.nodes);
  if (mail.value)
    g_bytes_ref (mail.value);
  g_queue_push_tail (&net->mail, g_memdup2 (&mail, sizeof mail));
}

/* The store */

static void
on_get (VmClusterBucket bucket, guint64 request, const gchar *key,
    gpointer user_data)
{
  post ((Mail){ .kind = GET,
      .bucket = bucket,
      .node = user_data,
      .number = request,
      .key = (gchar *) key });
}

static void
on_put (VmClusterBucket bucket, guint64 request, const gchar *key,
    GBytes *value, guint64 revision, gpointer user_data)
{
  post ((Mail){ .kind = PUT,
      .bucket = bucket,
      .node = user_data,
      .number = request,
      .key = (gchar *) key,
      .value = value,
      .revision = revision });
}

static void
on_beat (const gchar *name, gpointer user_data)
{
  NetNode *node = user_data;

  if (!net->away && !node->silent)
    g_hash_table_insert (
        net->beats, g_strdup (name), g_memdup2 (&net->now, sizeof net->now));
}

static void
on_list (gpointer user_data)
{
  /* by net_pass() */
}

static void
on_watch (const gchar *key, gpointer user_data)
{
  NetNode *node = user_data;

  fail_unless (g_hash_table_add (node->watched, g_strdup (key)));
}

static void
on_unwatch (const gchar *key, gpointer user_data)
{
  NetNode *node = user_data;

  fail_unless (g_hash_table_remove (node->watched, key));
}

static void
on_scan (const gchar *const *nodes, gpointer user_data)
{
  post ((Mail){ .kind = SCAN, .node = user_data, .nodes = (gchar **) nodes });
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

static void
take_scan (const Mail *mail)
{
  GHashTableIter iter;
  gpointer key, record;

  if (net->away || mail->node->silent)
    return;
  g_hash_table_iter_init (&iter, net->records);
  while (g_hash_table_iter_next (&iter, &key, &record)) {
    if (names_other (record, mail->nodes))
      post ((Mail){ .kind = FOUND, .node = mail->node, .key = key });
  }
}

static void
answer (
    const Mail *mail, VmClusterResult result, GBytes *value, guint64 revision)
{
  post ((Mail){ .kind = ANSWER,
      .node = mail->node,
      .bucket = mail->bucket,
      .number = mail->number,
      .result = result,
      .value = value,
      .revision = revision });
}

/* Only rooms are told of. */
static GHashTable *
table_of (const Mail *mail)
{
  return mail->bucket == VM_CLUSTER_ROOMS ? net->records : net->once;
}

static void
set (GHashTable *table, const gchar *key, GBytes *value)
{
  Record *record;

  net->revision++;
  g_hash_table_remove (table, key);
  if (!value) {
    g_hash_table_insert (net->markers, g_strdup (key),
        g_memdup2 (&net->revision, sizeof net->revision));
    return;
  }
  record = g_new (Record, 1);
  *record = (Record){ g_bytes_ref (value), net->revision };
  g_hash_table_insert (table, g_strdup (key), record);
}

static void
tell_all (const gchar *key, GBytes *value)
{
  for (guint i = 0; i < NET_NODES; i++) {
    if (!net->nodes[i].deaf && net->nodes[i].rooms
        && g_hash_table_contains (net->nodes[i].watched, key))
      post ((Mail){ .kind = TOLD,
          .node = &net->nodes[i],
          .key = (gchar *) key,
          .value = value,
          .revision = net->revision });
  }
}

static void
take_put (const Mail *mail)
{
  GHashTable *table = table_of (mail);
  const Record *before = g_hash_table_lookup (table, mail->key);

  if ((before ? before->revision : 0) != mail->revision) {
    answer (mail, VM_CLUSTER_CONFLICT, NULL, 0);
    return;
  }
  set (table, mail->key, mail->value);
  answer (mail, VM_CLUSTER_DONE, NULL, net->revision);
  if (mail->bucket == VM_CLUSTER_ROOMS)
    tell_all (mail->key, mail->value);
}

void
net_write (const gchar *room, gconstpointer data, gsize size)
{
  g_autofree gchar *key = vm_cluster_key (room);
  g_autoptr (GBytes) value = g_bytes_new (data, size);

  set (net->records, key, value);
  tell_all (key, value);
}

void
net_lose (void)
{
  g_hash_table_remove_all (net->records);
  g_hash_table_remove_all (net->markers);
  g_hash_table_remove_all (net->beats);
  net->revision = 0;
}

static void
copy (GHashTable *from, GHashTable *to)
{
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_remove_all (to);
  g_hash_table_iter_init (&iter, from);
  while (g_hash_table_iter_next (&iter, &key, &value)) {
    Record *record = g_memdup2 (value, sizeof *record);

    g_bytes_ref (record->value);
    g_hash_table_insert (to, g_strdup (key), record);
  }
}

void
net_keep (void)
{
  copy (net->records, net->kept);
  net->kept_revision = net->revision;
}

void
net_go_back (void)
{
  net_lose ();
  copy (net->kept, net->records);
  net->revision = net->kept_revision;
}

void
net_restart (void)
{
  for (GList *one = net->mail.head; one; one = one->next) {
    Mail *mail = one->data;

    if (mail->kind != GET && mail->kind != PUT)
      continue;
    mail->kind = ANSWER;
    mail->result = VM_CLUSTER_LOST;
    g_clear_pointer (&mail->value, g_bytes_unref);
  }
  for (guint i = 0; i < NET_NODES; i++)
    net_back (&net->nodes[i]);
}

void
net_back (NetNode *node)
{
  post ((Mail){ .kind = BACK, .node = node });
}

static void
take_request (const Mail *mail)
{
  const Record *record = g_hash_table_lookup (table_of (mail), mail->key);
  const guint64 *marker = g_hash_table_lookup (net->markers, mail->key);

  if (net->away || mail->node->silent)
    answer (mail, VM_CLUSTER_LOST, NULL, 0);
  else if (mail->kind == PUT)
    take_put (mail);
  else
    answer (mail, VM_CLUSTER_DONE, record ? record->value : NULL,
        record   ? record->revision
        : marker ? *marker
                 : 0);
}

/* The wire */

static void
on_send (const gchar *name, GBytes *frame, gpointer user_data)
{
  NetNode *node = user_data;

  net->frames++;
  for (guint i = 0; i < NET_NODES; i++) {
    for (guint n = 0; n < (net->twice ? 2 : 1); n++) {
      if (strcmp (net->nodes[i].name, name) == 0 && !net->cut && !node->silent)
        post ((Mail){ .kind = FRAME, .node = &net->nodes[i], .value = frame });
    }
  }
}

static void
take_mail (const Mail *mail)
{
  NetNode *node = mail->node;

  if (!node->rooms)
    return;
  node->told += mail->kind == TOLD;
  if (mail->kind == GET || mail->kind == PUT)
    take_request (mail);
  else if (mail->kind == ANSWER)
    vm_room_share_answer (node->share, mail->bucket, mail->number, mail->result,
        mail->value, mail->revision, net->now);
  else if (mail->kind == BACK)
    vm_room_share_back (node->share, net->now);
  else if (mail->kind == SCAN)
    take_scan (mail);
  else if (mail->kind == FOUND)
    vm_room_share_check (node->share, mail->key, net->now);
  else if (mail->kind == TOLD)
    vm_room_share_told (
        node->share, mail->key, mail->value, mail->revision, net->now);
  else
    vm_room_share_hear (node->share, mail->value, net->now);
}

void
net_settle (void)
{
  Mail *mail;

  for (guint n = 0; (mail = g_queue_pop_head (&net->mail)); n++) {
    fail_unless (n < 100000, "the servers do not come to rest");
    take_mail (mail);
    mail_free (mail);
  }
}

static void
list_beats (void)
{
  g_autoptr (GPtrArray) alive = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer name, since;

  g_hash_table_iter_init (&iter, net->beats);
  while (g_hash_table_iter_next (&iter, &name, &since)) {
    if (net->now - *(gint64 *) since < VM_CLUSTER_BEAT_AGE)
      g_ptr_array_add (alive, name);
  }
  g_ptr_array_add (alive, NULL);
  for (guint i = 0; i < NET_NODES && !net->away; i++) {
    if (net->nodes[i].rooms && !net->nodes[i].silent)
      vm_room_share_nodes (
          net->nodes[i].share, (const gchar *const *) alive->pdata, net->now);
  }
}

void
net_pass (gdouble seconds)
{
  for (guint n = (guint) (seconds * 10 + 0.5); n > 0; n--) {
    net->now += NET_SECOND / 10;
    for (guint i = 0; i < NET_NODES; i++) {
      NetNode *node = &net->nodes[i];

      if (!node->rooms)
        continue;
      vm_rooms_tick (node->rooms, net->now);
      vm_room_share_tick (
          node->share, net->now, net->now / NET_SECOND + node->ahead);
      if (node->calls)
        vm_calls_tick (node->calls, VM_CALL_RING_TIME, net->now);
    }
    if (n % 10 == 0)
      list_beats ();
    net_settle ();
  }
}

/* What a client hears */

static void
write_signal (GString *heard, const VmSignal *signal)
{
  g_autofree gchar *sdp = vm_span_to_string (signal->sdp);

  if (heard->len)
    g_string_append_c (heard, ' ');
  g_string_append (heard, vm_signal_type_to_string (signal->type));
  if (signal->type == VM_SIGNAL_WELCOME && signal->resumed)
    g_string_append (heard, "-again");
  for (guint i = 0; i < signal->participants->len; i++)
    g_string_append_printf (heard, ":%s",
        ((VmSignalParticipant *) signal->participants->pdata[i])->id);
  if (signal->from)
    g_string_append_printf (heard, ":%s", signal->from);
  if (signal->type == VM_SIGNAL_PARTICIPANT_LEFT
      || signal->type == VM_SIGNAL_PARTICIPANT_STATE)
    g_string_append_printf (heard, ":%s", signal->id);
  if (signal->state && signal->type == VM_SIGNAL_PARTICIPANT_STATE)
    g_string_append_printf (heard, "=%s", signal->state);
  if (signal->text)
    g_string_append_printf (heard, "=%s", signal->text);
  if (sdp)
    g_string_append_printf (heard, "=%s", sdp);
  if (signal->code)
    g_string_append_printf (heard, "=%s", signal->code);
}

static void
on_signal (gpointer peer, const VmSignal *signal, gpointer user_data)
{
  NetClient *client = peer;

  fail_if (client->closed);
  if (signal->type == VM_SIGNAL_MEETING_STATE) {
    fail_unless (signal->count > (gint64) client->count);
    client->count = signal->count;
    g_free (client->roster);
    client->roster = g_strjoinv (" ", signal->roster);
    return;
  }
  write_signal (client->heard, signal);
  if (signal->type != VM_SIGNAL_WELCOME)
    return;
  /* another room may have had fewer */
  if (!signal->resumed)
    client->count = signal->count;
  g_free (client->id);
  client->id = g_strdup (signal->id);
  g_free (client->resume);
  client->resume = g_strdup (signal->resume);
}

static void
on_close (gpointer peer, const GError *reason, gpointer user_data)
{
  NetClient *client = peer;

  client->closed = TRUE;
  client->member = NULL;
}

static void
on_changed (VmRoom *room, gpointer user_data)
{
}

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  memset (bytes, ++dice, size);
  bytes[0] = (guint8) * ((NetNode *) user_data)->name;
}

static gboolean
on_admit (const gchar *pass, const gchar *room, const gchar *group,
    gpointer user_data, GError **error)
{
  if (!net->pass || g_strcmp0 (pass, net->pass) == 0)
    return TRUE;
  g_set_error_literal (
      error, VM_ERROR, VM_ERROR_CAP_REQUIRED, "Not without a token");
  return FALSE;
}

void
net_start (NetNode *node, gchar letter)
{
  static const VmRoomsFuncs rooms_funcs = { on_signal, on_close, on_changed,
    on_random, .admit = on_admit };
  static const VmRoomShareFuncs share_funcs = { on_get, on_put, on_beat,
    on_list, on_watch, on_unwatch, on_scan, on_send };
  const VmOpenRooms open = { net->seats, 100, 100, 100 };

  node->net = net;
  g_free (node->name);
  node->name = g_strdup_printf ("%c-node", letter);
  node->watched = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  node->told = 0;
  node->rooms = vm_rooms_new (&rooms_funcs, node);
  vm_rooms_set_open (node->rooms, &open);
  node->share = vm_room_share_new (node->rooms, &share_funcs, node, node->name,
      net->now, net->now / NET_SECOND);
  vm_room_share_back (node->share, net->now);
}

void
net_setup (void)
{
  dice = 0;
  net = g_new0 (Net, 1);
  net->now = 1000 * NET_SECOND;
  net->seats = 6;
  net->records =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, record_free);
  net->kept =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, record_free);
  net->markers =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  net->once =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, record_free);
  net->beats = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < NET_NODES; i++)
    net_start (&net->nodes[i], (gchar) ('a' + i));
  net_pass (4);
}

void
net_take_calls (
    NetNode *node, VmCallsSend send, VmCallsMissed missed, VmCallsClose close)
{
  node->calls = vm_calls_new (send, node);
  vm_calls_set_missed_func (node->calls, missed, node);
  vm_calls_set_close_func (node->calls, close, node);
  node->call_share = vm_call_share_new (node->share, node->calls);
}

void
net_kill (NetNode *node)
{
  if (!node->rooms)
    return;
  g_clear_pointer (&node->call_share, vm_call_share_free);
  g_clear_pointer (&node->share, vm_room_share_free);
  g_clear_pointer (&node->calls, vm_calls_free);
  g_clear_pointer (&node->rooms, vm_rooms_free);
  g_clear_pointer (&node->watched, g_hash_table_unref);
}

void
net_teardown (void)
{
  for (guint i = 0; i < NET_NODES; i++) {
    net_kill (&net->nodes[i]);
    g_clear_pointer (&net->nodes[i].watched, g_hash_table_unref);
    g_free (net->nodes[i].name);
  }
  g_queue_clear_full (&net->mail, mail_free);
  g_hash_table_unref (net->records);
  g_hash_table_unref (net->kept);
  g_hash_table_unref (net->markers);
  g_hash_table_unref (net->once);
  g_hash_table_unref (net->beats);
  g_clear_pointer (&net, g_free);
}

/* Clients */

void
net_client_init (NetClient *client, NetNode *node)
{
  *client = (NetClient){ .node = node, .heard = g_string_new (NULL) };
}

void
net_client_clear (NetClient *client)
{
  g_string_free (client->heard, TRUE);
  g_free (client->id);
  g_free (client->resume);
  g_free (client->roster);
  g_clear_error (&client->error);
}

static void
on_seated (VmMember *member, const GError *error, gpointer user_data)
{
  NetClient *client = user_data;

  client->request = NULL;
  client->member = member;
  g_clear_error (&client->error);
  client->error = error ? g_error_copy (error) : NULL;
}

static VmMember *
get_seat (gpointer user_data)
{
  return ((NetClient *) user_data)->member;
}

static void
leave_seat (gpointer user_data)
{
  NetClient *client = user_data;

  vm_member_leave (client->member, NULL);
  client->closed = FALSE;
}

static const VmSeatFuncs seat_funcs = { get_seat, leave_seat, on_seated };

void
net_sit (NetClient *client, const gchar *room, const gchar *user)
{
  VmRooms *rooms = client->node->rooms;
  const VmJoin join = { .meeting = room,
    .user = user,
    .group = user,
    .pass = net->shown,
    .call_type = VM_CALL_TYPE_VIDEO };
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  VmSignalParticipant *said = vm_signal_add_participant (hello);
  g_autofree gchar *text = NULL;
  g_autoptr (VmTicket) ticket = NULL;

  said->device = g_strdup_printf ("%s's", user);
  said->nonce = g_strdup ("bm9uY2U=");
  if (!vm_rooms_join (rooms, &join, net->now, &text, &client->error))
    return;
  ticket = vm_rooms_use_ticket (rooms, text, NULL, net->now, NULL);
  client->request =
      vm_rooms_request_seat (rooms, ticket, hello, client, &seat_funcs, client);
}

/* A ticket that every server knows of. */
static void
on_kept (VmSingleUseResult result, GBytes *value, gpointer user_data)
{
  *(gboolean *) user_data = result == VM_SINGLE_USE_DONE;
}

gchar *
net_get_ticket (NetNode *node, const VmJoin *join)
{
  static const VmSingleUseAsker asker = { .done = on_kept };
  gboolean kept = FALSE;
  gchar *text = NULL;

  fail_unless (
      vm_rooms_join (node->rooms, join, net->now, &text, NULL) != NULL);
  fail_unless (vm_rooms_shares_ticket (node->rooms, text));
  fail_unless (
      vm_rooms_keep_ticket (node->rooms, text, &asker, &kept, net->now) > 0);
  net_settle ();
  fail_unless (kept);
  return text;
}

void
net_sit_by (NetClient *client, const gchar *ticket, const gchar *key)
{
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  VmSignalParticipant *said = vm_signal_add_participant (hello);

  said->device = g_strdup ("phone");
  said->nonce = g_strdup ("bm9uY2U=");
  client->request = vm_rooms_request_by_ticket (
      client->node->rooms, ticket, key, hello, client, &seat_funcs, client);
}

void
net_enter (NetClient *client, const gchar *room)
{
  const VmJoin join = { .meeting = room,
    .group = "web",
    .pass = net->shown,
    .call_type = VM_CALL_TYPE_VIDEO };
  g_autofree gchar *alias = g_strdup_printf ("alias-%p", (void *) client);

  client->request = vm_rooms_request_enter (
      client->node->rooms, &join, alias, client, net->now, &seat_funcs, client);
  client->closed = FALSE;
}

void
net_come_back (NetClient *client, NetNode *node)
{
  client->node = node;
  client->member = NULL;
  client->closed = FALSE;
  client->request = vm_rooms_request_resume (node->rooms, client->resume, NULL,
      client->meeting_id, client, &seat_funcs, client);
}

void
net_say (
    NetClient *client, VmSignalType type, const gchar *to, const gchar *text)
{
  g_autoptr (VmSignal) signal = vm_signal_new (type);

  signal->to = g_strdup (to);
  if (type == VM_SIGNAL_OFFER || type == VM_SIGNAL_ANSWER)
    vm_signal_set_text (signal, &signal->sdp, text);
  else if (type == VM_SIGNAL_CANDIDATE)
    vm_signal_set_text (signal, &signal->candidate, text);
  else
    signal->text = g_strdup (text);
  signal->locked = type == VM_SIGNAL_LOCK && strcmp (text, "on") == 0;
  if (type == VM_SIGNAL_PARTICIPANT_STATE)
    signal->state = g_strdup (text);
  vm_member_receive (client->member, signal);
}

void
net_leave (NetClient *client)
{
  vm_member_leave (client->member, NULL);
}

void
net_heard (NetClient *client, const gchar *what)
{
  fail_unless_equals_string (client->heard->str, what);
  g_string_truncate (client->heard, 0);
}

const gchar *
net_refusal (const NetClient *client)
{
  return client->error ? vm_error_get_code (client->error) : "";
}
