/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ui/output.h"

#include <gst/videomeet/vmagent.h>

/* Shows the terminal of an agent in browsers: a WebRTC connection to each page
 * that the agent lets in, with one data channel
 * (protocol/agents.md#terminal-in-a-browser). The thread of the agent. */

/* Bytes of one message of a page: a capability is the largest thing in it. */
#define VMT_TERM_PAGE_MESSAGE_MAX (20 * 1024)

typedef struct _VmtTermData VmtTermData;

/* @stun: "192.0.2.1:3478", or NULL. Where GStreamer lacks what it takes, says
 * so, and the agent refuses pages. */
VmtTermData *
vmt_term_data_new (VmAgent *agent, const gchar *stun, VmtOutput *output);
void vmt_term_data_free (VmtTermData *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtTermData, vmt_term_data_free)

/* A message of the stream as it stands in one of the data channel: the length
 * of its body (4 bytes), its type (1 byte), the body. Whether @data is just one
 * of those that a page sends. */
gboolean vmt_term_data_is_message (const guint8 *data, gsize size);
