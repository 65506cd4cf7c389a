/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "support/meetingdevice.h"

#include <gst/videomeet/wire/deviceinfo.h>
#include <libsoup/soup.h>

#define MUTE_HOLD_MS 1200 /* a socket that lasts so long is there */

/* A device that goes along with its guests up to `hello`, and then */
typedef enum
{
  MUTE_SILENT, /* says nothing more */
  MUTE_CUTS, /* cuts every socket at once */
  MUTE_RESUMES, /* cuts each after a while, and takes the next for the same
                   seat */
  MUTE_N_MANNERS,
  MUTE_KEEPS /* the same, but that the test cuts them */
} MuteManner;

typedef struct
{
  MuteManner manner;
  SoupServer *server;
  VmDeviceInfo *info;
  GPtrArray *sockets;
  guint hellos;
  gint64 hello_at; /* the last one; monotonic */
} Mute;

/* At 127.0.0.1 and the addresses that follow it, at one port. */
Mute *mute_new (MuteManner manner, guint n_addresses);
void mute_free (Mute *mute);
/* The newest socket. */
SoupWebsocketConnection *mute_get_socket (Mute *mute);
/* Cuts that one without a close frame, so that it may be resumed. */
void mute_cut (Mute *mute);

/* Addresses of all devices that @b knows to host a meeting. */
guint mute_count_doors (void);
/* @b knows them, in this order, and @a after them all, once that hosts: it
 * tries the doors so. @second may be NULL. */
void mute_know (Mute *first, Mute *second, guint n_addresses);
/* @b is out of its meeting, and knows nobody. */
void mute_leave (void);
