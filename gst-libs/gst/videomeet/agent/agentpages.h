/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agentcontrol.h"

#include <gst/videomeet/vmagent.h>

/* Pages that see the terminal of an agent in a browser
 * (protocol/agents.md#terminal-in-a-browser): who may, and the stream of each.
 * The connection itself is the application's, which takes one end of that
 * stream (VmAgent::page). The thread of the context. */

/* Pages at a time; more are refused. */
#define VM_AGENT_PAGES_MAX 8
/* For a page to be connected and to say something. */
#define VM_AGENT_PAGE_TIME (30 * G_USEC_PER_SEC)

void vm_agent_pages_take (VmAgent *self, const VmMeshNews *news);
/* The application has an answer, or a candidate, for the page @id. */
void
vm_agent_pages_answer (VmAgent *self, const gchar *id, const gchar *sdp);
void vm_agent_pages_send_candidate (VmAgent *self, const gchar *id,
    guint mline, const gchar *candidate);
/* All are sent away, with the code and message of @why. */
void vm_agent_pages_end (VmAgent *self, const GError *why);
/* An element of VmAgent.pages. */
void vm_agent_page_unref (gpointer page);
