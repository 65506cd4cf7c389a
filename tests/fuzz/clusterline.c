/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include "fuzzframes.h"
#include <gst/videomeet/cluster/clusterline.h>

#define SAID 8

/* A line, what it has sent, and how much of that the other hears. */
typedef struct
{
  VmClusterLine *line;
  GPtrArray *frames;
  guint heard;
} Wire;

static void
on_send (GBytes *frame, gpointer user_data)
{
  g_autofree gchar *node = vm_cluster_line_get_node (frame);

  g_assert_cmpstr (node, ==, "one");
  g_ptr_array_add (((Wire *) user_data)->frames, g_bytes_ref (frame));
}

static void
on_send_nowhere (GBytes *frame, gpointer user_data)
{
}

static void
on_hear (GBytes *message, gpointer user_data)
{
  g_assert_cmpuint (g_bytes_get_size (message), <, *(gsize *) user_data);
}

static void
on_hear_said (GBytes *message, gpointer user_data)
{
  g_assert_cmpuint (g_bytes_get_size (message), ==, 1);
  ((Wire *) user_data)->heard++;
}

/* It is answered by one frame, and what waits. */
static void
on_frame (const guint8 *data, gsize size, gpointer user_data)
{
  Wire *wire = user_data;
  g_autoptr (GBytes) frame = g_bytes_new (data, size);
  g_autofree gchar *node = vm_cluster_line_get_node (frame);
  guint before = wire->frames->len;

  g_assert_true (!node || g_utf8_validate (node, -1, NULL));
  vm_cluster_line_take (wire->line, frame, on_hear, &size, 1);
  g_assert_cmpuint (wire->frames->len - before, <=, node ? SAID + 1 : 0);
}

/* Whatever it was told, it goes on to say what waits, in order and once. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GPtrArray) frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  Wire wire = { NULL, frames, 0 };
  g_autoptr (VmClusterLine) line =
      vm_cluster_line_new ("one", 1, on_send, &wire);
  g_autoptr (VmClusterLine) other =
      vm_cluster_line_new ("other", 1, on_send_nowhere, NULL);
  g_autoptr (GBytes) word = g_bytes_new ("w", 1);
  g_autoptr (GPtrArray) waiting = NULL;

  wire.line = line;
  for (guint i = 0; i < SAID; i++)
    vm_cluster_line_say (line, word, 1);
  fuzz_frames (data, size, "VML1", on_frame, &wire);
  waiting = vm_cluster_line_list (line);
  g_assert_cmpuint (waiting->len, <=, SAID);
  g_ptr_array_set_size (frames, 0);
  vm_cluster_line_tick (line, 1 + VM_CLUSTER_LINE_AGAIN_TIME);
  g_assert_cmpuint (frames->len, ==, waiting->len);
  for (guint i = 0; i < frames->len; i++)
    vm_cluster_line_take (other, frames->pdata[i], on_hear_said, &wire, 1);
  g_assert_cmpuint (wire.heard, ==, waiting->len);
}
