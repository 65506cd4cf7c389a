/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* A proxy on loopback that passes connections on to a server and cuts those
 * that became WebSockets where a test says; messages are seen in plain HTTP
 * only. It runs in the default main context. */

typedef struct _Cutter Cutter;

/* To the server at @port of 127.0.0.1. */
Cutter *cutter_new (guint16 port);
/* Standing at a place of its own, @own_port 0: any port. */
Cutter *cutter_new_at (const gchar *place, guint16 own_port, guint16 port);
void cutter_free (Cutter *cutter);
guint16 cutter_get_port (Cutter *cutter);

/* Cuts at the text message of this number, from 1, counted over both directions
 * and all connections from now on; @deliver: once it has been passed on. 0:
 * nowhere. */
void cutter_arm (Cutter *cutter, guint message, gboolean deliver);
guint cutter_count_messages (Cutter *cutter);
guint cutter_count_cuts (Cutter *cutter);
/* Cuts every connection now, also those under TLS. */
void cutter_cut (Cutter *cutter);
/* Cuts them, and never says a word to whoever connects from now on. */
void cutter_silence (Cutter *cutter);
/* From now on nobody gets through. */
void cutter_refuse (Cutter *cutter, gboolean refuse);
