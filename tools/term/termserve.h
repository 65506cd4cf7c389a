/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/agentrun.h"

/* The terminal of an agent: its command is run anew when it has ended. */

typedef struct _VmtTermServe VmtTermServe;

/* Begins; an error is told. */
VmtTermServe *vmt_term_serve_new (VmtAgentRun *run);
void vmt_term_serve_free (VmtTermServe *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtTermServe, vmt_term_serve_free)
