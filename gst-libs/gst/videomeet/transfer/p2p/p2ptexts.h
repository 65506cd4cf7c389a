/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json/json.h"

/* The texts of a message's JSON. */
typedef struct
{
  const gchar *key;
  gchar **text; /* NULL when absent */
  gsize max; /* bytes */
} VmP2pText;

/* VM_ERROR_BAD_MESSAGE: one is too long, or neither empty nor a name
 * (vm_text_is_name()). */
gboolean vm_p2p_texts_read (
    const VmJson *json, const VmP2pText *texts, gsize n, GError **error);
