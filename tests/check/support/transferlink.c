/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/transferlink.h"

#include <string.h>

#define DISK_TIME (1 * MS)

typedef enum
{
  TO_SENDER,
  TO_RECEIVER,
  READ,
  HASHED,
  BEGUN,
  WRITTEN,
  COMMITTED,
} EventType;

typedef struct
{
  EventType type;
  gint64 at;
  guint64 order;
  GBytes *packet;
  VmAction *action;
} Event;

static void
free_event (Event *event)
{
  g_clear_pointer (&event->packet, g_bytes_unref);
  g_clear_pointer (&event->action, vm_action_free);
  g_free (event);
}

Link *
link_new (gsize size, guint seed)
{
  Link *link = g_new0 (Link, 1);

  link->rand = g_rand_new_with_seed (seed);
  link->delay = 5 * MS;
  link->encodings = VM_TRANSFER_ENCODING_JSON | VM_TRANSFER_ENCODING_BINARY;
  link->json_chunk_size = 65536;
  link->frame_max = VM_FRAME_CHANNEL_MAX;
  link->until = G_MAXINT64;
  link->events = g_ptr_array_new_with_free_func ((GDestroyNotify) free_event);
  link->now = 1000 * MS;
  link->size = size;
  link->source = g_malloc (size + 1);
  link->disk = g_malloc0 (size + 1);
  for (gsize i = 0; i < size; i++)
    link->source[i] = i * 31 + i / 256 + (i >> 16) * 7;
  link->room = G_MAXUINT64;
  return link;
}

static void
free_engines (Link *link)
{
  g_clear_pointer (&link->sender, vm_sender_free);
  g_clear_pointer (&link->receiver, vm_receiver_free);
  g_clear_pointer (&link->joiner, vm_frame_joiner_free);
}

void
link_free (Link *link)
{
  free_engines (link);
  g_ptr_array_unref (link->events);
  g_rand_free (link->rand);
  g_clear_error (&link->source_error);
  g_clear_error (&link->disk_error);
  g_clear_pointer (&link->have, vm_chunk_set_free);
  g_free (link->saved);
  g_free (link->source);
  g_free (link->disk);
  g_free (link);
}

void
link_offer (Link *link)
{
  g_autoptr (GError) error = NULL;
  guint8 hash[VM_SHA256_SIZE];
  VmSenderOffer offer = { .id = LINK_ID,
    .filename = LINK_NAME,
    .size = link->size,
    .mtime = 1795168800250,
    .hash = link->no_hash ? NULL : hash,
    .encodings = link->encodings,
    .chunk_size = 65536,
    .json_chunk_size = link->json_chunk_size };

  free_engines (link);
  g_ptr_array_set_size (link->events, 0);
  link->closed = link->discarded = FALSE;
  link->chunks_sent = link->begun = 0;
  vm_sha256 (link->source, link->size, hash);
  link->joiner = vm_frame_joiner_new ();
  link->sender = vm_sender_new (&offer, link->now, &error);
  fail_unless (link->sender, "%s", error ? error->message : "");
}

static Event *
add_event (Link *link, EventType type, gint64 delay)
{
  Event *event = g_new0 (Event, 1);

  event->type = type;
  event->at = link->now + delay;
  event->order = link->order++;
  g_ptr_array_add (link->events, event);
  return event;
}

static gboolean
chance (Link *link, guint percent)
{
  return percent && g_rand_int_range (link->rand, 0, 100) < (gint) percent;
}

static void
send_packet (Link *link, EventType to, GBytes *packet)
{
  guint copies = chance (link, link->doubled) ? 2 : 1;

  for (guint i = 0; i < copies; i++) {
    gint64 delay = link->delay;
    Event *event;

    if (link->jitter)
      delay += g_rand_int_range (link->rand, 0, link->jitter);
    if (chance (link, link->lost))
      continue;
    event = add_event (link, to, delay);
    event->packet = g_bytes_ref (packet);
  }
}

static GBytes *
damage (Link *link, GBytes *frame)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (frame, &size);
  guint8 *copy = g_memdup2 (data, size);

  copy[g_rand_int_range (link->rand, 40, size)] ^= 1;
  return g_bytes_new_take (copy, size);
}

static void
send_frames (Link *link, EventType to, const VmTransferMessage *message)
{
  g_autoptr (GPtrArray) frames =
      vm_frame_split (message, link->frame_max, NULL);

  for (guint i = 0; i < frames->len; i++) {
    GBytes *frame = g_ptr_array_index (frames, i);
    g_autoptr (GBytes) damaged =
        chance (link, link->damaged) ? damage (link, frame) : NULL;

    send_packet (link, to, damaged ? damaged : frame);
  }
}

static void
send_message (Link *link, EventType to, VmTransferMessage *message)
{
  if (message->type == VM_TRANSFER_CHUNK_DATA)
    link->chunks_sent++;
  link->errors += message->type == VM_TRANSFER_ERROR;
  if (link->filter && !link->filter (link, to == TO_RECEIVER, message))
    return;
  if (message->type == VM_TRANSFER_CHUNK_DATA && link->sender
      && vm_sender_get_encoding (link->sender) == VM_TRANSFER_ENCODING_BINARY) {
    send_frames (link, to, message);
  } else {
    gchar *text = vm_transfer_message_write (message);
    g_autoptr (GBytes) packet = g_bytes_new_take (text, strlen (text));

    send_packet (link, to, packet);
  }
}

static void
end_file (Link *link, gboolean discard)
{
  link->closed = !discard;
  link->discarded = discard;
  if (discard)
    g_clear_pointer (&link->have, vm_chunk_set_free);
}

static void
do_action (Link *link, gboolean receiver, VmAction *action)
{
  static const EventType types[] = { [VM_ACTION_READ] = READ,
    [VM_ACTION_HASH] = HASHED,
    [VM_ACTION_BEGIN] = BEGUN,
    [VM_ACTION_WRITE] = WRITTEN,
    [VM_ACTION_COMMIT] = COMMITTED };

  if (action->type == VM_ACTION_SEND)
    send_message (link, receiver ? TO_SENDER : TO_RECEIVER, action->message);
  else if (action->type == VM_ACTION_CLOSE || action->type == VM_ACTION_DISCARD)
    end_file (link, action->type == VM_ACTION_DISCARD);
  else {
    add_event (link, types[action->type], DISK_TIME)->action = action;
    return;
  }
  vm_action_free (action);
}

static void
do_actions (Link *link)
{
  VmAction *action;

  while (link->sender && (action = vm_sender_next (link->sender)))
    do_action (link, FALSE, action);
  while (link->receiver && (action = vm_receiver_next (link->receiver)))
    do_action (link, TRUE, action);
}

/* Whom a message is for takes it; the first offer makes the receiver. */
static void
take (Link *link, EventType to, const VmTransferMessage *message)
{
  g_autoptr (GError) error = NULL;
  gboolean taken;

  if (to == TO_SENDER) {
    taken = vm_sender_take (link->sender, message, link->now, &error);
  } else if (!link->receiver && message->type == VM_TRANSFER_FILE_OFFER) {
    link->receiver = vm_receiver_new (message, link->encodings, link->now);
    if (!link->ask)
      vm_receiver_accept (link->receiver, link->now);
    return;
  } else {
    taken = link->receiver
            && vm_receiver_take (link->receiver, message, link->now, &error);
  }
  link->refused += !taken;
  fail_unless (taken || error || !link->receiver);
}

static void
deliver (Link *link, const Event *event)
{
  g_autoptr (VmTransferMessage) message = NULL;
  g_autoptr (GError) error = NULL;
  gsize size;
  gconstpointer data = g_bytes_get_data (event->packet, &size);

  if (vm_frame_is (data, size))
    vm_frame_joiner_take (link->joiner, event->packet, &message, &error);
  else
    message = vm_transfer_message_read (data, size, &error);
  link->refused += error != NULL;
  if (message)
    take (link, event->type, message);
}

static void
do_read (Link *link, const VmAction *action)
{
  g_autoptr (GBytes) data = NULL;
  guint8 hash[VM_SHA256_SIZE];

  if (link->source_error) {
    vm_sender_read (
        link->sender, action->index, NULL, NULL, link->source_error, link->now);
    return;
  }
  fail_unless (action->size > 0);
  fail_unless (action->offset + action->size <= link->size);
  data = g_bytes_new (link->source + action->offset, action->size);
  vm_sha256 (link->source + action->offset, action->size, hash);
  vm_sender_read (link->sender, action->index, data, hash, NULL, link->now);
}

static void
do_hash (Link *link)
{
  guint8 hash[VM_SHA256_SIZE];

  vm_sha256 (link->source, link->size, hash);
  vm_sender_hashed (link->sender, link->source_error ? NULL : hash,
      link->source_error, link->now);
}

static void
do_begin (Link *link, const VmAction *action)
{
  if (link->disk_error) {
    vm_receiver_begun (link->receiver, NULL, link->disk_error, link->now);
    return;
  }
  link->begun++;
  if (!link->have || link->chunk_size != action->chunk_size) {
    g_clear_pointer (&link->have, vm_chunk_set_free);
    link->have = vm_chunk_set_new (
        (link->size + action->chunk_size - 1) / action->chunk_size);
  }
  link->chunk_size = action->chunk_size;
  vm_receiver_begun (link->receiver, link->have, NULL, link->now);
}

static GError *
write_chunk (Link *link, const VmAction *action)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (action->data, &size);
  guint64 offset = action->index * link->chunk_size;
  guint8 hash[VM_SHA256_SIZE];

  fail_unless (offset + size <= link->size);
  if (link->disk_error)
    return g_error_copy (link->disk_error);
  vm_sha256 (data, size, hash);
  if (memcmp (hash, action->hash, sizeof hash) != 0)
    return g_error_new (VM_ERROR, VM_ERROR_BAD_MESSAGE, "Another hash");
  if (link->room < size)
    return g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOSPC, "Full");
  link->room -= size;
  memcpy (link->disk + offset, data, size);
  vm_chunk_set_add (link->have, action->index);
  return NULL;
}

static void
do_commit (Link *link, const VmAction *action)
{
  g_autoptr (GError) error = NULL;
  guint8 hash[VM_SHA256_SIZE];

  vm_sha256 (link->disk, link->size, hash);
  if (memcmp (hash, action->hash, sizeof hash) != 0)
    error = g_error_new (VM_ERROR, VM_ERROR_BAD_MESSAGE, "Another hash");
  else if (link->disk_error)
    error = g_error_copy (link->disk_error);
  else
    link->saved = g_strdup (LINK_NAME);
  vm_receiver_committed (
      link->receiver, error ? NULL : LINK_NAME, error, link->now);
}

static void
do_event (Link *link, const Event *event)
{
  g_autoptr (GError) error = NULL;

  switch (event->type) {
    case TO_SENDER:
    case TO_RECEIVER:
      deliver (link, event);
      break;
    case READ:
      do_read (link, event->action);
      break;
    case HASHED:
      do_hash (link);
      break;
    case BEGUN:
      do_begin (link, event->action);
      break;
    case WRITTEN:
      error = write_chunk (link, event->action);
      vm_receiver_written (
          link->receiver, event->action->index, error, link->now);
      break;
    case COMMITTED:
      do_commit (link, event->action);
      break;
  }
}

/* The event that is due first, or -1. */
static gint
first_event (Link *link)
{
  gint first = -1;

  for (guint i = 0; i < link->events->len; i++) {
    const Event *event = g_ptr_array_index (link->events, i);
    const Event *best =
        first < 0 ? NULL : g_ptr_array_index (link->events, first);

    if (!best || event->at < best->at
        || (event->at == best->at && event->order < best->order))
      first = i;
  }
  return first;
}

static gint64
earlier (gint64 a, gint64 b)
{
  return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* FALSE: nothing is due. */
static gboolean
step (Link *link)
{
  gint first;
  gint64 deadline = -1, at = -1;

  do_actions (link);
  if (link->sender)
    deadline = vm_sender_get_deadline (link->sender);
  if (link->receiver)
    deadline = earlier (deadline, vm_receiver_get_deadline (link->receiver));
  first = first_event (link);
  if (first >= 0)
    at = ((Event *) g_ptr_array_index (link->events, first))->at;
  if (earlier (at, deadline) < 0 || earlier (at, deadline) > link->until)
    return FALSE;
  link->now = MAX (link->now, earlier (at, deadline));
  if (at >= 0 && (deadline < 0 || at <= deadline)) {
    Event *event = g_ptr_array_steal_index_fast (link->events, first);

    do_event (link, event);
    free_event (event);
    return TRUE;
  }
  if (link->sender)
    vm_sender_tick (link->sender, link->now);
  if (link->receiver)
    vm_receiver_tick (link->receiver, link->now);
  return TRUE;
}

void
link_run (Link *link)
{
  guint steps = 0;

  while (step (link))
    fail_unless (++steps < 1000000, "it does not end");
  if (link->until != G_MAXINT64)
    link->now = link->until;
}

void
link_run_until (Link *link, gboolean (*done) (Link *link))
{
  guint steps = 0;

  while (!done (link)) {
    fail_unless (step (link), "nothing more happens");
    fail_unless (++steps < 1000000, "it does not end");
  }
}

void
link_cut (Link *link)
{
  g_autoptr (GError) error =
      g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "The link was cut");

  vm_sender_fail (link->sender, error);
  if (link->receiver)
    vm_receiver_fail (link->receiver, error);
  do_actions (link);
  g_ptr_array_set_size (link->events, 0);
}

void
link_change (Link *link)
{
  for (guint i = link->events->len; i > 0; i--) {
    if (((Event *) link->events->pdata[i - 1])->packet)
      g_ptr_array_remove_index (link->events, i - 1);
  }
  vm_sender_change_lane (link->sender, link->now);
  do_actions (link);
}

void
link_inject (Link *link, gboolean to_receiver, const VmTransferMessage *message)
{
  take (link, to_receiver ? TO_RECEIVER : TO_SENDER, message);
  do_actions (link);
}

void
link_check_completed (Link *link)
{
  const GError *error = vm_sender_get_error (link->sender);

  fail_unless (link->receiver);
  if (!error)
    error = vm_receiver_get_error (link->receiver);
  fail_unless (vm_sender_get_state (link->sender) == VM_TRANSFER_STATE_COMPLETED
                   && vm_receiver_get_state (link->receiver)
                          == VM_TRANSFER_STATE_COMPLETED,
      "%s, %s: %s",
      vm_transfer_state_to_string (vm_sender_get_state (link->sender)),
      vm_transfer_state_to_string (vm_receiver_get_state (link->receiver)),
      error ? error->message : "");
  fail_unless_equals_string (link->saved, LINK_NAME);
  fail_unless (memcmp (link->source, link->disk, link->size) == 0);
  fail_unless_equals_uint64 (vm_sender_get_done (link->sender), link->size);
  fail_unless_equals_uint64 (vm_receiver_get_done (link->receiver), link->size);
  fail_unless_equals_string (
      vm_sender_get_saved_path (link->sender), LINK_NAME);
}

static void
check_error (const GError *error, gint code)
{
  fail_unless (error);
  fail_unless (
      error->domain != VM_ERROR || error->code == code, "%s", error->message);
  fail_unless (error->domain == VM_ERROR || code < 0, "%s", error->message);
}

void
link_check_failed (Link *link, gint sender_code, gint receiver_code)
{
  fail_unless_equals_int (
      vm_sender_get_state (link->sender), VM_TRANSFER_STATE_FAILED);
  check_error (vm_sender_get_error (link->sender), sender_code);
  fail_unless_equals_int (
      vm_receiver_get_state (link->receiver), VM_TRANSFER_STATE_FAILED);
  check_error (vm_receiver_get_error (link->receiver), receiver_code);
  fail_unless (!link->saved);
}
