/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ui/output.h"

#include <gst/videomeet/videomeet.h>

/* Who is meant by DEVICE: a device id, the beginning of one, or the name of a
 * user or device that means one device alone, in capitals or not where nobody
 * is called just so; looked for on the network for as long as it takes to know
 * that it is the only one. Belongs to the main thread. */

typedef struct _VmtLookup VmtLookup;

/* Once. @devices: (transfer full) (element-type VmDevice): the processes of the
 * one device; NULL with @error: a sentence for the user; BAD_REQUEST: several
 * are meant, NOT_FOUND: none. */
typedef void (*VmtLookupFunc) (
    GList *devices, const GError *error, gpointer user_data);

/* @node browses. After VMT_NEARBY_MS without it @output (not owned) says what
 * there is meanwhile. */
VmtLookup *vmt_lookup_new (VmNode *node, const gchar *text, VmtOutput *output,
    VmtLookupFunc func, gpointer user_data);
void vmt_lookup_free (VmtLookup *self);

/* A port, or an address, is no name. */
gboolean vmt_lookup_is_address (const gchar *text);
