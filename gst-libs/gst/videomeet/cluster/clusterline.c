/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/clusterline.h"
#include "cluster/clusterpack.h"

/* Node; its line's number; the message's number, 0: none, and that of the first
 * that waits; what it has heard, of which line; the message. */
#define FRAME "(stttttay)"
#define MAGIC "VML1"

typedef struct
{
  const gchar *node;
  guint64 line, number, first, heard_line, heard;
  GVariant *message;
} Frame;

typedef struct
{
  guint64 number;
  GBytes *message;
} Waiting;

struct _VmClusterLine
{
  VmClusterLineSend send;
  gpointer user_data;
  gchar *node;
  guint64 line; /* of this one's lives, if it has several */

  GQueue waiting; /* of Waiting */
  gsize bytes; /* of those */
  guint64 said; /* messages so far */
  gint64 answered; /* when it was sent, or acknowledged, last */
  guint64 again; /* the last message that was sent again, while some wait */

  guint64 other; /* the line of the other node that is heard; 0: none */
  guint64 heard; /* the last message of that one */
  gboolean due; /* what was heard is not acknowledged */
  gint64 used;
  gint64 begun; /* when its numbers began again last */
};

VmClusterLine *
vm_cluster_line_new (
    const gchar *node, gint64 now, VmClusterLineSend send, gpointer user_data)
{
  VmClusterLine *line = g_new0 (VmClusterLine, 1);

  line->node = g_strdup (node);
  line->line = (guint64) now;
  line->send = send;
  line->user_data = user_data;
  line->used = now;
  line->begun = now - VM_CLUSTER_LINE_AGAIN_TIME;
  g_queue_init (&line->waiting);
  return line;
}

static void
waiting_free (gpointer data)
{
  Waiting *waiting = data;

  g_bytes_unref (waiting->message);
  g_free (waiting);
}

void
vm_cluster_line_free (VmClusterLine *line)
{
  g_queue_clear_full (&line->waiting, waiting_free);
  g_free (line->node);
  g_free (line);
}

static void
drop_first (VmClusterLine *line)
{
  Waiting *waiting = g_queue_pop_head (&line->waiting);

  line->bytes -= g_bytes_get_size (waiting->message);
  waiting_free (waiting);
}

static guint64
get_first (const VmClusterLine *line)
{
  const Waiting *first = g_queue_peek_head ((GQueue *) &line->waiting);

  return first ? first->number : line->said + 1;
}

/* @waiting NULL: only what was heard. */
static void
send_frame (VmClusterLine *line, const Waiting *waiting)
{
  g_autoptr (GBytes) none = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) bytes = NULL;

  bytes = vm_cluster_pack (
      MAGIC, g_variant_new ("(sttttt@ay)", line->node, line->line,
                 waiting ? waiting->number : (guint64) 0, get_first (line),
                 line->other, line->heard,
                 g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING,
                     waiting ? waiting->message : none, TRUE)));
  line->due = FALSE;
  line->send (bytes, line->user_data);
}

void
vm_cluster_line_say (VmClusterLine *line, GBytes *message, gint64 now)
{
  Waiting *waiting = g_new (Waiting, 1);

  *waiting = (Waiting){ ++line->said, g_bytes_ref (message) };
  if (!line->waiting.length)
    line->answered = now;
  line->used = now;
  g_queue_push_tail (&line->waiting, waiting);
  line->bytes += g_bytes_get_size (message);
  while (line->waiting.length > VM_CLUSTER_LINE_MESSAGES
         || (line->bytes > VM_CLUSTER_LINE_BYTES && line->waiting.length > 1))
    drop_first (line);
  send_frame (line, waiting);
}

static GVariant *
read_frame (GBytes *bytes, Frame *frame)
{
  GVariant *variant = vm_cluster_unpack (MAGIC, FRAME, bytes);

  if (variant)
    g_variant_get (variant, "(&sttttt@ay)", &frame->node, &frame->line,
        &frame->number, &frame->first, &frame->heard_line, &frame->heard,
        &frame->message);
  return variant;
}

gchar *
vm_cluster_line_get_node (GBytes *bytes)
{
  Frame frame;
  g_autoptr (GVariant) variant = read_frame (bytes, &frame);

  if (!variant)
    return NULL;
  g_variant_unref (frame.message);
  return g_strdup (frame.node);
}

/* The other cannot follow, or somebody has told it of messages that were never
 * said: numbers begin again, with what waits. */
static void
begin_anew (VmClusterLine *line, gint64 now)
{
  /* it is told so by each frame that it hears meanwhile */
  if (now - line->begun < VM_CLUSTER_LINE_AGAIN_TIME)
    return;
  line->begun = now;
  line->line++;
  line->said = 0;
  for (GList *one = line->waiting.head; one; one = one->next)
    ((Waiting *) one->data)->number = ++line->said;
  vm_cluster_line_again (line, now);
}

static gboolean
is_jump (guint64 first, guint64 heard)
{
  return first > heard && first - heard > VM_CLUSTER_LINE_JUMP_MAX;
}

static void
take_heard (VmClusterLine *line, const Frame *frame, gint64 now)
{
  if (frame->heard_line != line->line)
    return;
  if (frame->heard > line->said || is_jump (get_first (line), frame->heard)) {
    begin_anew (line, now);
    return;
  }
  while (line->waiting.length && get_first (line) <= frame->heard) {
    drop_first (line);
    line->answered = now;
  }
  if (!line->waiting.length)
    line->again = 0;
  else if (line->again && frame->heard >= line->again)
    vm_cluster_line_again (line, now);
}

/* Whether the message of @frame is the next. */
static gboolean
follows (VmClusterLine *line, const Frame *frame)
{
  if (frame->line != line->other) {
    /* an older one, late */
    if (frame->line < line->other)
      return FALSE;
    line->other = frame->line;
    line->heard = 0;
  }
  if (is_jump (frame->first, line->heard)) {
    line->due = TRUE;
    return FALSE;
  }
  /* what the other has dropped does not come any more */
  if (frame->first > line->heard + 1)
    line->heard = frame->first - 1;
  if (!frame->number)
    return FALSE;
  /* also what came before: the other does not know */
  line->due = TRUE;
  if (frame->number != line->heard + 1)
    return FALSE;
  line->heard = frame->number;
  return TRUE;
}

void
vm_cluster_line_take (VmClusterLine *line, GBytes *bytes,
    VmClusterLineHear hear, gpointer user_data, gint64 now)
{
  Frame frame;
  g_autoptr (GVariant) variant = read_frame (bytes, &frame);
  g_autoptr (GBytes) message = NULL;

  if (!variant)
    return;
  line->used = now;
  take_heard (line, &frame, now);
  message = g_variant_get_data_as_bytes (frame.message);
  g_variant_unref (frame.message);
  if (follows (line, &frame))
    hear (message, user_data);
  if (line->due)
    send_frame (line, NULL);
}

void
vm_cluster_line_again (VmClusterLine *line, gint64 now)
{
  guint n = 0;

  line->answered = now;
  for (GList *one = line->waiting.head; one && n < VM_CLUSTER_LINE_AGAIN_MAX;
       one = one->next, n++) {
    line->again = ((Waiting *) one->data)->number;
    send_frame (line, one->data);
  }
}

void
vm_cluster_line_tick (VmClusterLine *line, gint64 now)
{
  if (line->waiting.length
      && now - line->answered >= VM_CLUSTER_LINE_AGAIN_TIME)
    vm_cluster_line_again (line, now);
}

GPtrArray *
vm_cluster_line_list (VmClusterLine *line)
{
  GPtrArray *list =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (GList *one = line->waiting.head; one; one = one->next)
    g_ptr_array_add (list, g_bytes_ref (((Waiting *) one->data)->message));
  return list;
}

gint64
vm_cluster_line_get_used (VmClusterLine *line)
{
  return line->used;
}
