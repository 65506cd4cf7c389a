/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/p2p/p2ptexts.h"

#include "base/text.h"
#include <gst/videomeet/vmerror.h>

gboolean
vm_p2p_texts_read (
    const VmJson *json, const VmP2pText *texts, gsize n, GError **error)
{
  for (gsize i = 0; i < n; i++) {
    const VmP2pText *one = &texts[i];

    if (!vm_json_get_string (json, 0, one->key, one->max, one->text, error))
      return FALSE;
    if (!*one->text || !**one->text || vm_text_is_name (*one->text, one->max))
      continue;
    g_set_error (
        error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "A text of a message is none");
    return FALSE;
  }
  return TRUE;
}
