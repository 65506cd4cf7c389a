/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What members of a room say to those at other servers. A message names its
 * room by the room's key, and is what the native dialect makes of it, besides
 * what a browser wrote, byte for byte. */

#include "cluster/shared/roomshare-priv.h"
#include "cluster/clusterpack.h"
#include "wire/dialect.h"

#include <string.h>

/* Key of the room; from; to; number; count of states; signal; a browser's
 * object. */
#define MESSAGE "(sssxuayay)"
#define MAGIC VM_SHARE_MAGIC

static GVariant *
to_bytes (gconstpointer data, gsize size)
{
  return g_variant_new_fixed_array (
      G_VARIANT_TYPE_BYTE, size ? data : "", size, 1);
}

/* @signal NULL: only how many states there were. */
static GBytes *
pack (const gchar *key, guint count, const gchar *from, const gchar *to,
    const VmSignal *signal)
{
  g_autoptr (GBytes) text =
      signal ? vm_dialect_native.format (NULL, signal) : NULL;
  gsize size = 0;
  const gchar *data = text ? g_bytes_get_data (text, &size) : NULL;
  gsize object = signal ? signal->object.size : 0;

  return vm_cluster_pack (MAGIC,
      g_variant_new ("(sssxu@ay@ay)", key, from ? from : "", to ? to : "",
          signal ? signal->seq : (gint64) -1, count, to_bytes (data, size),
          to_bytes (object ? signal->object.data : NULL, object)));
}

static GBytes *
pack_in (const VmRoom *room, const gchar *from, const gchar *to,
    const VmSignal *signal)
{
  return pack (room->shared->key, room->count, from, to, signal);
}

/* To each node that has somebody in the room. */
static void
say_to_all (const VmRoom *room, GBytes *message)
{
  VmRoomShare *share = room->rooms->share;
  g_autoptr (GHashTable) nodes = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < room->members->len; i++) {
    const VmMember *member = room->members->pdata[i];

    if (member->node && g_hash_table_add (nodes, member->node))
      vm_room_share_tell (share, member->node, message);
  }
}

void
vm_room_share_say (const VmMember *member, const VmSignal *signal)
{
  g_autoptr (GBytes) message = NULL;

  if (!member->room->shared || member->node)
    return;
  message = pack_in (member->room, member->id, NULL, signal);
  say_to_all (member->room, message);
}

void
vm_room_share_send (
    VmRoomShare *share, const VmMember *to, const VmSignal *signal)
{
  g_autoptr (GBytes) message = NULL;

  /* the cluster is left, and its rooms are about to end */
  if (!to->room->shared)
    return;
  message = pack_in (to->room, signal->from, to->id, signal);
  vm_room_share_tell (share, to->node, message);
}

/* States are told in order, whichever server tells them: whoever comes from
 * another one must not take the next for an old one. Of a state that all tell
 * because of what happened at one server, that one tells the count, or each
 * would tell each. */
void
vm_room_share_count (VmRoom *room)
{
  VmRoomShare *share = room->rooms->share;
  g_autoptr (GBytes) message = NULL;
  guint date = (guint) MIN (share->date, G_MAXINT / 2);

  room->count = MAX (room->count, date);
  if (share->echoes && room->count < room->shared->counted + VM_SHARE_DRIFT_MAX)
    return;
  room->shared->counted = room->count;
  message = pack_in (room, NULL, NULL, NULL);
  say_to_all (room, message);
}

/* A server that has just come into the room may be far behind, by its clock. */
static void
take_count (VmRoom *room, const VmShareMessage *message)
{
  g_autoptr (GBytes) answer = NULL;

  if (!message->count)
    return;
  if (message->count + VM_SHARE_DRIFT_MAX <= room->count) {
    answer = pack_in (room, NULL, NULL, NULL);
    vm_room_share_tell (room->rooms->share, message->node, answer);
  }
  room->count = MAX (room->count, message->count);
  room->shared->counted = MAX (room->shared->counted, message->count);
}

void
vm_room_share_introduce (const VmMember *member, const gchar *node)
{
  VmRoomShare *share = member->room->rooms->share;
  g_autoptr (VmSignal) state = vm_member_make_state (member);
  g_autoptr (GBytes) message = pack_in (member->room, member->id, NULL, state);

  vm_room_share_tell (share, node, message);
}

void
vm_room_share_ask_who_sits (VmRoomShare *share, const VmClusterRecord *record)
{
  g_autofree gchar *key = vm_cluster_key (record->name);
  g_autoptr (GHashTable) nodes = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GBytes) message = pack (key, 0, NULL, NULL, NULL);

  for (guint i = 0; i < record->participants->len; i++) {
    const VmClusterParticipant *one = record->participants->pdata[i];

    if (strcmp (one->node, share->node) != 0
        && g_hash_table_add (nodes, one->node))
      vm_room_share_tell (share, one->node, message);
  }
}

void
vm_share_message_free (VmShareMessage *message)
{
  g_free (message->node);
  g_free (message->key);
  g_free (message->from);
  g_free (message->to);
  g_clear_pointer (&message->signal, vm_signal_unref);
  g_free (message);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmShareMessage, vm_share_message_free)

static gboolean
read_signal (VmShareMessage *message, GVariant *text, GVariant *object)
{
  g_autoptr (GBytes) bytes = g_variant_get_data_as_bytes (text);
  gsize size = g_variant_get_size (object);
  const gchar *data = g_variant_get_data (object);

  if (!g_bytes_get_size (bytes))
    return TRUE;
  /* it goes to a browser as it is */
  if (size && !vm_json_is_readable (data, size, NULL))
    return FALSE;
  message->signal = vm_dialect_native_client.parse (NULL, bytes, NULL);
  if (!message->signal)
    return FALSE;
  message->signal->seq = message->seq;
  if (size)
    vm_signal_take_object (message->signal, g_string_new_len (data, size));
  return TRUE;
}

static VmShareMessage *
unpack (GBytes *bytes)
{
  g_autoptr (GVariant) variant = vm_cluster_unpack (MAGIC, MESSAGE, bytes);
  g_autoptr (GVariant) text = NULL, object = NULL;
  g_autoptr (VmShareMessage) message = NULL;
  guint32 count;

  if (!variant)
    return NULL;
  message = g_new0 (VmShareMessage, 1);
  g_variant_get (variant, "(sssxu@ay@ay)", &message->key, &message->from,
      &message->to, &message->seq, &count, &text, &object);
  message->count = MIN (count, G_MAXINT);
  return vm_cluster_is_key (message->key) && read_signal (message, text, object)
             ? g_steal_pointer (&message)
             : NULL;
}

/* What is heard */

void
vm_room_share_take_message (
    VmRoomShare *share, const gchar *node, GBytes *bytes)
{
  VmShareMessage *message = unpack (bytes);

  if (!message)
    return;
  message->node = g_strdup (node);
  message->since = share->now;
  /* whoever sends it believes that somebody here is in that room */
  if (!g_hash_table_contains (share->shared, message->key))
    vm_cluster_check (share->cluster, message->key, share->now);
  g_queue_push_tail (&share->inbox, message);
}

static VmRoom *
room_of (VmRoomShare *share, const VmShareMessage *message)
{
  return g_hash_table_lookup (share->shared, message->key);
}

/* Somebody else of that room, earlier, waits as well. */
static gboolean
is_behind (VmRoomShare *share, const VmShareMessage *message)
{
  for (GList *one = share->held.head; one; one = one->next) {
    const VmShareMessage *other = one->data;

    if (strcmp (other->key, message->key) == 0
        && strcmp (other->from, message->from) == 0
        && strcmp (other->node, message->node) == 0)
      return TRUE;
  }
  return FALSE;
}

/* Whether both whom it is from and whom it is for are in the room. */
static gboolean
is_ready (VmRoomShare *share, const VmShareMessage *message)
{
  VmRoom *room = room_of (share, message);
  const VmMember *from, *to;

  if (!message->signal)
    return TRUE;
  if (!room)
    return FALSE;
  from = vm_room_find_member (room, message->from);
  to = vm_room_find_member (room, message->to);
  return (!*message->from || (from && from->node))
         && (!*message->to || (to && !to->node));
}

static void
take_left (VmRoom *room, VmMember *member, const VmSignal *signal)
{
  g_autoptr (GError) reason = vm_signal_get_error (signal);

  g_hash_table_add (room->shared->departed, g_strdup (member->id));
  if (g_error_matches (reason, VM_ERROR, VM_ERROR_KICKED))
    vm_room_bar (room, member);
  vm_member_leave (member, reason);
}

static void
take_state (VmRoom *room, VmMember *member, const VmSignal *signal)
{
  VmParticipantState state = VM_PARTICIPANT_STATE_CONNECTING;

  member->detached = strcmp (signal->state, "detached") == 0;
  while (state < VM_PARTICIPANT_STATE_DISCONNECTED
         && strcmp (signal->state, vm_participant_state_to_string (state)) != 0)
    state++;
  if (!member->detached)
    member->state = state;
  vm_room_send_all (room, signal, NULL);
}

static void
take_kick (VmRoom *room, VmMember *to, const VmSignal *signal)
{
  g_autoptr (GError) reason = g_error_new (VM_ERROR, VM_ERROR_KICKED,
      "The host removed this participant from the meeting");

  vm_room_send (room, to, signal);
  vm_room_bar (room, to);
  vm_member_leave (to, reason);
}

/* Whether the number of a message says that it came before. */
static gboolean
came_before (VmMember *from, const VmSignal *signal)
{
  if (signal->seq < 0 || signal->type == VM_SIGNAL_PARTICIPANT_STATE)
    return FALSE;
  if (signal->seq <= from->said)
    return TRUE;
  from->said = signal->seq;
  return FALSE;
}

static void
take_signal (VmRoom *room, const VmShareMessage *message)
{
  VmMember *from = vm_room_find_member (room, message->from);
  VmMember *to = vm_room_find_member (room, message->to);

  if (from && came_before (from, message->signal))
    return;
  switch (message->signal->type) {
    case VM_SIGNAL_PARTICIPANT_LEFT:
      if (from)
        take_left (room, from, message->signal);
      break;
    case VM_SIGNAL_PARTICIPANT_STATE:
      if (from)
        take_state (room, from, message->signal);
      break;
    case VM_SIGNAL_KICK:
      if (to)
        take_kick (room, to, message->signal);
      break;
    case VM_SIGNAL_UNBAN:
      vm_room_unbar (room, message->signal->id);
      break;
    default:
      if (to)
        vm_room_send (room, to, message->signal);
      else
        vm_room_send_all (room, message->signal, NULL);
  }
}

static void
deliver (VmRoomShare *share, const VmShareMessage *message)
{
  VmRoom *room = room_of (share, message);

  if (!room)
    return;
  take_count (room, message);
  if (!message->signal)
    return;
  share->echoes++;
  take_signal (room, message);
  share->echoes--;
}

static void
deliver_held (VmRoomShare *share)
{
  GList *one = share->held.head;

  while (one) {
    VmShareMessage *message = one->data;
    GList *next = one->next;

    if (is_ready (share, message)) {
      g_queue_delete_link (&share->held, one);
      deliver (share, message);
      vm_share_message_free (message);
      /* whatever became of the others by this one */
      next = share->held.head;
    }
    one = next;
  }
}

static void
hold (VmRoomShare *share, VmShareMessage *message)
{
  if (share->held.length >= VM_SHARE_HOLD_MAX)
    vm_share_message_free (g_queue_pop_head (&share->held));
  g_queue_push_tail (&share->held, message);
}

void
vm_room_share_take_inbox (VmRoomShare *share)
{
  VmShareMessage *message;

  deliver_held (share);
  while ((message = g_queue_pop_head (&share->inbox))) {
    if (!is_ready (share, message) || is_behind (share, message)) {
      hold (share, message);
      continue;
    }
    deliver (share, message);
    vm_share_message_free (message);
  }
}

/* Whom it is for is not here: whoever has sent it is told. */
static void
send_back (VmRoomShare *share, const VmShareMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) answer = NULL;
  g_autoptr (GBytes) bytes = NULL;

  if (!*message->from || !*message->to
      || message->signal->type == VM_SIGNAL_ERROR)
    return;
  error = g_error_new (VM_ERROR, VM_ERROR_UNROUTABLE,
      "No other participant \"%s\" is in the meeting", message->to);
  answer = vm_signal_new_error (error, message->seq);
  bytes = pack (message->key, 0, NULL, message->from, answer);
  vm_room_share_tell (share, message->node, bytes);
}

void
vm_room_share_tick_held (VmRoomShare *share)
{
  for (GList *one = share->held.head, *next; one; one = next) {
    VmShareMessage *message = one->data;

    next = one->next;
    if (share->now - message->since >= VM_SHARE_DOUBT_TIME
        && !message->doubted) {
      message->doubted = TRUE;
      vm_cluster_check (share->cluster, message->key, share->now);
    }
    if (share->now - message->since < VM_SHARE_HOLD_TIME)
      continue;
    g_queue_delete_link (&share->held, one);
    send_back (share, message);
    vm_share_message_free (message);
  }
}

/* What everybody hears is not told again where others heard it. */
static gboolean
is_for (const VmShareMessage *message, const VmMember *member)
{
  if (!message->signal || strcmp (message->key, member->room->shared->key) != 0)
    return FALSE;
  if (*message->to)
    return strcmp (message->to, member->id) == 0;
  return message->signal->type == VM_SIGNAL_CHAT
         || message->signal->type == VM_SIGNAL_PRESENCE
         || message->signal->type == VM_SIGNAL_HAND;
}

void
vm_room_share_send_on (VmMember *member, const gchar *node)
{
  VmRoomShare *share = member->room->rooms->share;
  g_autoptr (GPtrArray) list = vm_room_share_list_waiting (share, node);

  for (guint i = 0; i < list->len; i++) {
    g_autoptr (VmShareMessage) message = unpack (list->pdata[i]);

    if (!message || !is_for (message, member))
      continue;
    /* later ones went to others of that server */
    message->signal->seq = -1;
    vm_room_send (member->room, member, message->signal);
  }
}
