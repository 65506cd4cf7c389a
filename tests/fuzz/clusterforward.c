/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/cluster/clusterforward.h>

static void
on_send (const gchar *node, GBytes *frame, gpointer user_data)
{
}

/* What is taken, others can take. */
static void
on_asked (const VmForward *forward, gpointer user_data)
{
  g_autoptr (GBytes) frame = vm_forward_write (forward);

  g_assert_cmpint (forward->kind, !=, VM_FORWARD_ANSWER);
  g_assert_true (g_utf8_validate (forward->sid, -1, NULL));
  g_assert_cmpuint (g_bytes_get_size (forward->body), <=, VM_FORWARD_BODY_MAX);
  g_assert_cmpuint (g_bytes_get_size (frame), >, 0);
}

static void
on_answered (gpointer asker, guint status, GBytes *body, gboolean gone,
    gpointer user_data)
{
  g_assert_cmpuint (status, >=, 200);
}

void
fuzz_one (const guint8 *data, gsize size)
{
  static const VmForwardsFuncs funcs = { on_send };
  static const VmForwardsHear hear = { on_asked, on_answered };
  const VmForward forward = { .kind = VM_FORWARD_GET, .sid = "x.other" };
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (VmForwards) forwards =
      vm_forwards_new ("fuzz", &funcs, &hear, NULL);

  vm_forwards_ask (forwards, "other", &forward, NULL, 0);
  vm_forwards_take (forwards, bytes);
}
