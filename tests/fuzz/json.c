/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/base/json/json.h>

#include <string.h>

static void
walk (const VmJson *json, VmJsonNode node, guint depth)
{
  VmSpan span = vm_json_span (json, node);
  g_autofree gchar *text = vm_span_to_string (span);

  g_assert_cmpuint (depth, <=, VM_JSON_DEPTH_MAX);
  g_assert_true (g_utf8_validate_len (span.data, span.size, NULL));
  if (text)
    g_assert_true (g_utf8_validate (text, -1, NULL));
  if (vm_json_type (json, node) != VM_JSON_ARRAY)
    return;
  for (VmJsonNode n = vm_json_first (json, node); n != VM_JSON_NONE;
       n = vm_json_next (json, n))
    walk (json, n, depth + 1);
}

void
fuzz_one (const guint8 *data, gsize size)
{
  VmJson json, again;
  g_autofree gchar *string = NULL;
  gint64 number = 0;
  gboolean truth = FALSE;

  if (!vm_json_read (&json, (const gchar *) data, size, NULL))
    return;
  walk (&json, 0, 0);
  vm_json_get_string (&json, 0, "type", 64, &string, NULL);
  vm_json_get_int (&json, 0, "seq", 0, G_MAXINT64, &number, NULL);
  vm_json_get_boolean (&json, 0, "raised", &truth, NULL);
  if (string) {
    /* what is written reads back as it was */
    g_autoptr (GString) out = g_string_new ("{");
    g_autofree gchar *back = NULL;

    vm_json_append_member (out, "type", string);
    g_string_append_c (out, '}');
    g_assert_true (vm_json_read (&again, out->str, out->len, NULL));
    g_assert_true (vm_json_get_string (&again, 0, "type", 64, &back, NULL));
    g_assert_cmpstr (back, ==, string);
  }
}
