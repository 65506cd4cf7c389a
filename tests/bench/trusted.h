/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/videomeet.h>

/* Hosts that are other devices: this program again, each with a store of its
 * own, in a folder below @folder. */

#define TRUSTED_HOST "--host" /* first argument of such a program */

typedef struct _TrustedHost TrustedHost;

/* What main() is then: hosts the meeting “bench” until its input ends. @line:
 * what vmsignalbin sends. */
int trusted_host_main (char **argv, const gchar *line);

/* Starts one that admits by @policy, and waits until it does. */
TrustedHost *trusted_host_start (
    const gchar *program, const gchar *folder, const gchar *policy);
/* videomeet://…/bench */
const gchar *trusted_host_get_uri (TrustedHost *host);
/* Agrees on trust with it, for the store of @node. */
void trusted_host_trust (TrustedHost *host, VmNode *node);
void trusted_host_stop (TrustedHost *host);

/* A folder and all in it. */
void trusted_remove (const gchar *folder);
