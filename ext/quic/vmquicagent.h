/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmquicsettings.h"

#include <gst/gst.h>
#include <gst/videomeet/plugin/plugin.h>

GST_DEBUG_CATEGORY_EXTERN (vm_quic_debug); /* of both elements */

/* The agent of an element, on a thread of its own. */
typedef struct _VmQuicAgent VmQuicAgent;

/* On the agent's thread, but for @receive. */
typedef struct
{
  /* Nothing is sent or received any more. */
  void (*failed) (const GError *error, gpointer user_data);
  /* A transfer is over; @error: nullable. */
  void (*sent) (VmP2pForward *forward, const GError *error, gpointer user_data);
  VmAgentForwardFunc receive; /* or NULL */
} VmQuicAgentFuncs;

/* Signs in, and tells when it cannot. @element: is held until the agent has
 * ended, and is the user data of @funcs. NULL: an error was posted. */
VmQuicAgent *vm_quic_agent_new (GstElement *element,
    const VmQuicSettings *settings, const VmQuicAgentFuncs *funcs);
/* Leaves the room and waits for its threads; with @gently, transfers that are
 * over have time to be closed by the other side. On the agent's own thread it
 * does not wait. */
void vm_quic_agent_free (VmQuicAgent *self, gboolean gently);
/* Any thread. */
void vm_quic_agent_send (VmQuicAgent *self, const gchar *to,
    const gchar *file_name, VmP2pForward *forward);

/* As an error of @element, with its code. */
void vm_quic_post_error (GstElement *element, const GError *error);
