/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/message/frame-priv.h"

#include <string.h>

#define PIECE_MIN 4096 /* bytes that memory for a chunk begins with */

typedef struct
{
  guint32 from;
  guint32 to;
} Range;

/* A chunk of which pieces are missing. */
typedef struct
{
  guint8 id[VM_FRAME_ID_SIZE];
  guint64 index;
  guint8 hash[VM_SHA256_SIZE];
  guint32 size; /* 0: the last piece has not come */
  guint8 *data;
  gsize room; /* of data */
  guint n_ranges;
  Range ranges[VM_FRAME_RANGES_MAX]; /* ascending, not touching */
} Partial;

struct _VmFrameJoiner
{
  GQueue partials; /* the one that grew last is the last */
  gsize pending; /* bytes: the sum of their room */
  gsize max; /* of it */
};

static gboolean
bad (GError **error, const gchar *what)
{
  g_set_error (
      error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "The pieces of a chunk %s", what);
  return FALSE;
}

VmFrameJoiner *
vm_frame_joiner_new (void)
{
  VmFrameJoiner *self = g_new0 (VmFrameJoiner, 1);

  g_queue_init (&self->partials);
  self->max = VM_FRAME_PENDING_MAX;
  return self;
}

void
vm_frame_joiner_set_max (VmFrameJoiner *self, gsize bytes)
{
  self->max = bytes;
}

static void
drop (VmFrameJoiner *self, GList *link)
{
  Partial *partial = link->data;

  self->pending -= partial->room;
  g_free (partial->data);
  g_free (partial);
  g_queue_delete_link (&self->partials, link);
}

void
vm_frame_joiner_free (VmFrameJoiner *self)
{
  while (self->partials.head)
    drop (self, self->partials.head);
  g_free (self);
}

gsize
vm_frame_joiner_get_pending (VmFrameJoiner *self)
{
  return self->pending;
}

void
vm_frame_joiner_forget (VmFrameJoiner *self, const gchar *id)
{
  guint8 bytes[VM_FRAME_ID_SIZE];

  if (!vm_frame_id_read (id, bytes))
    return;
  for (GList *link = self->partials.head, *next; link; link = next) {
    next = link->next;
    if (memcmp (((Partial *) link->data)->id, bytes, sizeof bytes) == 0)
      drop (self, link);
  }
}

static GList *
find (VmFrameJoiner *self, const VmFrame *frame)
{
  for (GList *link = self->partials.tail; link; link = link->prev) {
    const Partial *partial = link->data;

    if (partial->index == frame->index
        && memcmp (partial->id, frame->id, sizeof frame->id) == 0)
      return link;
  }
  return NULL;
}

/* The partial of @frame, as the last of the queue. A chunk that is sent again
 * with another hash begins anew. */
static Partial *
enter (VmFrameJoiner *self, const VmFrame *frame)
{
  GList *link = find (self, frame);
  Partial *partial;

  if (link
      && memcmp (((Partial *) link->data)->hash, frame->hash, VM_SHA256_SIZE)
             != 0) {
    drop (self, link);
    link = NULL;
  }
  if (link) {
    g_queue_unlink (&self->partials, link);
    g_queue_push_tail_link (&self->partials, link);
    return link->data;
  }
  if (self->partials.length == VM_FRAME_PENDING_CHUNKS)
    drop (self, self->partials.head);
  partial = g_new0 (Partial, 1);
  memcpy (partial->id, frame->id, sizeof partial->id);
  memcpy (partial->hash, frame->hash, sizeof partial->hash);
  partial->index = frame->index;
  g_queue_push_tail (&self->partials, partial);
  return partial;
}

/* Memory up to @end, at most twice as much as is told; what others have of it
 * goes first. */
static void
make_room (VmFrameJoiner *self, Partial *partial, gsize end)
{
  gsize room = MAX (partial->room, PIECE_MIN);

  while (room < end)
    room *= 2;
  if (partial->size)
    room = MAX (partial->size, partial->room);
  if (room == partial->room)
    return;
  while (self->pending - partial->room + room > self->max)
    drop (self, self->partials.head); /* never the last, which is @partial */
  self->pending += room - partial->room;
  partial->data = g_realloc (partial->data, room);
  partial->room = room;
}

/* Joins @added with the ranges that it touches. */
static gboolean
add_range (Partial *partial, Range added)
{
  Range *ranges = partial->ranges;
  guint from = 0, to;

  while (from < partial->n_ranges && ranges[from].to < added.from)
    from++;
  for (to = from; to < partial->n_ranges && ranges[to].from <= added.to; to++) {
    added.from = MIN (added.from, ranges[to].from);
    added.to = MAX (added.to, ranges[to].to);
  }
  if (from == to && partial->n_ranges == VM_FRAME_RANGES_MAX)
    return FALSE;
  memmove (&ranges[from + 1], &ranges[to],
      (partial->n_ranges - to) * sizeof ranges[0]);
  partial->n_ranges -= to - from;
  partial->n_ranges++;
  ranges[from] = added;
  return TRUE;
}

static gboolean
add_piece (
    VmFrameJoiner *self, Partial *partial, const VmFrame *frame, GError **error)
{
  guint32 end = frame->offset + frame->size;
  guint32 seen =
      partial->n_ranges ? partial->ranges[partial->n_ranges - 1].to : 0;

  if (frame->last ? seen > end || (partial->size && partial->size != end)
                  : partial->size && end > partial->size)
    return bad (error, "do not agree on where it ends");
  if (frame->last)
    partial->size = end;
  make_room (self, partial, end);
  if (!add_range (partial, (Range){ frame->offset, end }))
    return bad (error, "are too many");
  memcpy (partial->data + frame->offset, frame->payload, frame->size);
  return TRUE;
}

static VmTransferMessage *
message_of (const VmFrame *frame, GBytes *data)
{
  g_autofree gchar *id = vm_frame_id_write (frame->id);
  VmTransferMessage *message =
      vm_transfer_message_new (VM_TRANSFER_CHUNK_DATA, id);

  message->index = frame->index;
  message->has_hash = TRUE;
  memcpy (message->hash, frame->hash, VM_SHA256_SIZE);
  message->data = data;
  return message;
}

static gboolean
take_piece (VmFrameJoiner *self, const VmFrame *frame,
    VmTransferMessage **message, GError **error)
{
  Partial *partial = enter (self, frame);

  if (!add_piece (self, partial, frame, error)) {
    drop (self, self->partials.tail);
    return FALSE;
  }
  if (partial->size && partial->n_ranges == 1 && partial->ranges[0].from == 0
      && partial->ranges[0].to == partial->size) {
    *message = message_of (frame,
        g_bytes_new_take (g_steal_pointer (&partial->data), partial->size));
    drop (self, self->partials.tail);
  }
  return TRUE;
}

static gboolean
take_message (const VmFrame *frame, VmTransferMessage **message, GError **error)
{
  g_autoptr (VmTransferMessage) read = vm_transfer_message_read (
      (const gchar *) frame->payload, frame->size, error);
  guint8 id[VM_FRAME_ID_SIZE];
  static const guint8 none[VM_FRAME_ID_SIZE];

  if (!read)
    return FALSE;
  if (memcmp (frame->id, none, sizeof none) != 0
      && (!vm_frame_id_read (read->id, id)
          || memcmp (id, frame->id, sizeof id) != 0)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "A binary frame is of another transfer than its message");
    return FALSE;
  }
  *message = g_steal_pointer (&read);
  return TRUE;
}

gboolean
vm_frame_joiner_take (VmFrameJoiner *self, GBytes *bytes,
    VmTransferMessage **message, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  VmFrame frame;

  *message = NULL;
  if (!vm_frame_read (&frame, data, size, error))
    return FALSE;
  if (frame.type == VM_FRAME_MESSAGE)
    return take_message (&frame, message, error);
  if (frame.last && frame.offset == 0 && !find (self, &frame)) {
    *message = message_of (&frame,
        g_bytes_new_from_bytes (bytes, frame.payload - data, frame.size));
    return TRUE;
  }
  return take_piece (self, &frame, message, error);
}
