/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lines between this server and others, and whom what comes there is for:
 * four letters say what kind of message it is (clusterpack.h). */

#include "cluster/clusterpack.h"
#include "cluster/shared/roomshare-priv.h"

#include <string.h>

/* The line to one node, which is in each frame that goes there. */
typedef struct
{
  VmRoomShare *share;
  gchar *node;
  VmClusterLine *line;
} Line;

void
vm_room_share_free_line (gpointer data)
{
  Line *line = data;

  vm_cluster_line_free (line->line);
  g_free (line->node);
  g_free (line);
}

static void
on_send (GBytes *frame, gpointer user_data)
{
  Line *line = user_data;

  line->share->funcs.send (line->node, frame, line->share->user_data);
}

static VmClusterLine *
get_line (VmRoomShare *share, const gchar *node)
{
  Line *line = g_hash_table_lookup (share->lines, node);

  if (!line) {
    line = g_new0 (Line, 1);
    line->share = share;
    line->node = g_strdup (node);
    line->line = vm_cluster_line_new (share->node, share->now, on_send, line);
    g_hash_table_insert (share->lines, line->node, line);
  }
  return line->line;
}

void
vm_room_share_tick_lines (VmRoomShare *share)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, share->lines);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    Line *line = value;

    vm_cluster_line_tick (line->line, share->now);
    if (share->now - vm_cluster_line_get_used (line->line) >= VM_SHARE_LINE_TIME
        && !vm_cluster_is_alive (share->cluster, line->node))
      g_hash_table_iter_remove (&iter);
  }
}

void
vm_room_share_again (VmRoomShare *share, gint64 now)
{
  GHashTableIter iter;
  gpointer value;

  share->now = now;
  g_hash_table_iter_init (&iter, share->lines);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    vm_cluster_line_again (((Line *) value)->line, now);
}

void
vm_room_share_tell (VmRoomShare *share, const gchar *node, GBytes *message)
{
  vm_cluster_line_say (get_line (share, node), message, share->now);
}

GPtrArray *
vm_room_share_list_waiting (VmRoomShare *share, const gchar *node)
{
  Line *line = g_hash_table_lookup (share->lines, node);

  return line ? vm_cluster_line_list (line->line)
              : g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
}

/* What is heard */

typedef struct
{
  gchar *node;
  GBytes *message;
} Word;

void
vm_room_share_free_word (gpointer data)
{
  Word *word = data;

  g_free (word->node);
  g_bytes_unref (word->message);
  g_free (word);
}

static gboolean
has_magic (GBytes *message, const gchar *magic)
{
  gsize size;
  const gchar *data = g_bytes_get_data (message, &size);

  return size > VM_CLUSTER_MAGIC_SIZE
         && memcmp (data, magic, VM_CLUSTER_MAGIC_SIZE) == 0;
}

typedef struct
{
  VmRoomShare *share;
  const gchar *node;
} Hearing;

static void
on_message (GBytes *message, gpointer user_data)
{
  const Hearing *hearing = user_data;
  Word *word;

  if (has_magic (message, VM_SHARE_MAGIC)) {
    vm_room_share_take_message (hearing->share, hearing->node, message);
    return;
  }
  word = g_new (Word, 1);
  *word = (Word){ g_strdup (hearing->node), g_bytes_ref (message) };
  g_queue_push_tail (&hearing->share->words, word);
}

void
vm_room_share_hear (VmRoomShare *share, GBytes *frame, gint64 now)
{
  g_autofree gchar *node = vm_cluster_line_get_node (frame);
  Hearing hearing = { share, node };

  share->now = now;
  if (!node || !vm_cluster_is_node (node) || strcmp (node, share->node) == 0)
    return;
  vm_cluster_line_take (
      get_line (share, node), frame, on_message, &hearing, now);
  vm_room_share_settle (share);
}

void
vm_room_share_set_hearer (VmRoomShare *share, VmShareKind kind,
    const gchar *magic, VmShareHear hear, gpointer user_data)
{
  share->hearers[kind] = (VmShareHearer){ magic, hear, user_data };
}

gboolean
vm_room_share_take_word (VmRoomShare *share)
{
  Word *word = g_queue_pop_head (&share->words);

  if (!word)
    return FALSE;
  for (guint i = 0; i < VM_SHARE_N_KINDS; i++) {
    const VmShareHearer *hearer = &share->hearers[i];

    if (hearer->hear && has_magic (word->message, hearer->magic))
      hearer->hear (word->node, word->message, hearer->user_data);
  }
  vm_room_share_free_word (word);
  return TRUE;
}
