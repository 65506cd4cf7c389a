/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/agent/agentproof.h>
#include <gst/videomeet/trust/token/capability.h>

#include <string.h>

#define LINES_MAX 16

static void
check_list (const GPtrArray *list)
{
  g_assert_cmpuint (list->len, <=, VM_MESH_ENDPOINTS_MAX);
  for (guint i = 0; i < list->len; i++)
    vm_mesh_endpoint_is_usable (list->pdata[i], FALSE);
}

/* What a server tells an agent, a message a line, and what it says its keys
 * are. Nothing in there is signed by a device. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", LINES_MAX);

  for (guint i = 0; lines[i]; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GBytes) bytes = g_bytes_new (lines[i], strlen (lines[i]));
    g_autoptr (VmMeshNews) news = vm_mesh_news_read (bytes, &error);
    g_autoptr (GPtrArray) keys =
        vm_capability_read_keys (lines[i], strlen (lines[i]), NULL);

    g_assert_true (!news == !!error);
    g_assert_true (!keys || keys->len <= VM_CAPABILITY_KEYS_MAX);
    if (!news)
      continue;
    check_list (news->a);
    check_list (news->b);
    check_list (news->candidates);
    if (news->type == VM_MESH_NEWS_CREATED) {
      g_autoptr (GError) why = NULL;

      g_assert_null (vm_agent_proof_check (news, VM_POLICY_PIN, &why));
      g_assert_nonnull (why);
    }
  }
}
