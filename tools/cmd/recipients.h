/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ui/output.h"

#include <gst/videomeet/videomeet.h>

/* Whom `videomeet send` was told to send to: TO[,TO]…, each a device as of
 * lookup.h or an address. Belongs to the main thread. */

typedef struct
{
  gchar *name; /* as the user says it */
  gchar *id; /* of the device; NULL: nobody has asked yet */
  gchar **base_uris; /* of its programs, each at its addresses */
  gchar *key_hash; /* or NULL: whichever answers */
} VmtRecipient;

typedef struct _VmtRecipients VmtRecipients;

/* Once, when all were looked for. @found: of VmtRecipient, each device once, in
 * the order of the user. */
typedef void (*VmtRecipientsFunc) (GPtrArray *found, gpointer user_data);

/* NULL: @targets cannot be read. @node browses, if vmt_recipients_need_node().
 * Who is not found is said on @output. */
VmtRecipients *vmt_recipients_new (
    const gchar *targets, VmNode *node, VmtOutput *output, GError **error);
void vmt_recipients_free (VmtRecipients *self);

gboolean vmt_recipients_need_node (VmtRecipients *self);
/* How many were looked for and not found, as was said. */
guint vmt_recipients_get_missed (VmtRecipients *self);
/* From the main loop. */
void vmt_recipients_look (
    VmtRecipients *self, VmtRecipientsFunc func, gpointer user_data);
