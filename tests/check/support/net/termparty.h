/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Agents that share a terminal and see it, at a real server on loopback; and
 * viewers that are made by hand. */

#include "support/net/netclient.h"

#include <gst/videomeet/agent/term/agentviewer.h>
#include <gst/videomeet/terminal/termscreen.h>

#define SOON (20 * G_USEC_PER_SEC)
#define ROOM "lab"
#define COLUMNS 60
#define ROWS 20

typedef struct
{
  const gchar *user;
  gchar *folder;
  VmIdentity *identity;
  VmAgent *agent;
  VmTerminal *terminal; /* that it shares or sees */
  VmTermScreen *screen; /* what it shows */
  GError *refused; /* of control */
  gboolean ended;
  gint status;
  GError *error; /* of the end */
  guint asked, asked_in_vain; /* of who shares */
} Party;

extern VmServer *server;
extern Party ann, bob, carl, dora; /* Ann shares; Dora may not control */

/* What is waited for: of @party, with @text. */
typedef gboolean (*Done) (Party *party, const gchar *text);

typedef struct
{
  VmAgentTerm *term;
  VmAgentTermViewer viewer;
  VmP2pPipe *pipe, *other; /* Ann's end, and the viewer's */
  GThread *thread;
} Peer;

void wait_until (Done done, Party *party, const gchar *text);
gboolean shows (Party *party, const gchar *text);
gboolean has_control (Party *party, const gchar *text);
gboolean has_no_control (Party *party, const gchar *text);
/* As Ann and all who see it are told. */
gboolean is_controlled_by (Party *party, const gchar *user);
gboolean is_refused (Party *party, const gchar *code);
gboolean has_ended (Party *party, const gchar *text);
gboolean is_ready (Party *party, const gchar *text);
/* Its agent is not started yet. */
void make_party (Party *party, const gchar *user);
void open_party (Party *party, const gchar *user);
void set_up (void);
void stop_party (Party *party);
void close_party (Party *party);
void tear_down (void);
void connect_party (Party *party, VmTerminal *terminal);
void share (const gchar *command);
void view (Party *party);
/* Ann's shell echoes what is typed, and each line once more. */
void share_cat (void);
gboolean type (Party *party, const gchar *text);
/* Those who ask may ask again at once. */
void forget_asks (void);
void take (Party *party);
/* One that may control it, or not. */
void open_peer_who (Peer *peer, gboolean may_control);
void open_peer (Peer *peer);
void close_peer (Peer *peer);
/* The next message, which Ann's context may be needed for; NULL: none within
 * @time. */
GBytes *hear (Peer *peer, gint64 time, guint8 *type);
void say_text (Peer *peer, guint8 type, const gchar *text);
/* As the server says it, to Ann. */
void grant (const gchar *id, gint64 seconds);
void say_seen (Peer *peer, guint64 seen);
