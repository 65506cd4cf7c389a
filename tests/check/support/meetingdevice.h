/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/videomeet/node/node-priv.h>
#include <gst/videomeet/videomeet.h>

/* Devices in one process, each with a node, a key and a meeting of its own, and
 * what happened in it. */

#define WAIT_SECONDS 60 /* where others take the cores */

/* A device with its meeting; what happened is kept as words. */
typedef struct
{
  gchar *folder;
  VmNode *node;
  VmMeeting *meeting;
  GString *heard;
  VmParticipant *other;
  gchar *sdp, *identity;
  GError *error;
} Device;

extern Device a, b, c;

/* The first two, with nothing heard; and out of it again. */
void setup (void);
void teardown (void);
/* Likewise, with the third. */
void setup_three (void);
void teardown_three (void);
/* The three, @a with a server that has a key: one on loopback alone would speak
 * plain HTTP. */
void setup_keys (void);

void device_init (Device *device, const gchar *user);
void device_open (Device *device, VmMeetingMode mode);
void device_clear (Device *device);
gboolean device_on_late (gpointer data);

#define WAIT_FOR(condition)                                                    \
  G_STMT_START                                                                 \
  {                                                                            \
    gboolean late = FALSE;                                                     \
    guint timer = g_timeout_add_seconds (WAIT_SECONDS, device_on_late, &late); \
    while (!(condition) && !late)                                              \
      g_main_context_iteration (NULL, TRUE);                                   \
    g_source_remove (timer);                                                   \
    fail_if (late, "never: " #condition " (a: %s) (b: %s)", a.heard->str,      \
        b.heard->str);                                                         \
  }                                                                            \
  G_STMT_END

/* Borrowed. */
VmIdentity *key_of (Device *device);
gboolean has (Device *device, const gchar *word);
/* Just that, in time; and nothing from now on. */
void heard (Device *device, const gchar *what);
void start (Device *device);
/* @a hosts "standup". */
void host (void);
/* @device finds @other by its address. */
void know (Device *device, Device *other);
/* @device joins at @a's address, or at another port of this machine. */
void use_uri (Device *device, const gchar *meeting);
void use_port (Device *device, guint port, const gchar *meeting);
/* Who @id is to @device; borrowed, NULL when nobody is. */
VmParticipant *find (Device *device, const gchar *id);

/* @b is about to join @name (or NULL) at @path of @a's port, in that dialect.
 */
void use_dialect (VmDialectName dialect, const gchar *scheme, const gchar *name,
    const gchar *path);
/* The PIN of @a's meeting lets @b in, and another does not. */
void check_pins (VmDialectName dialect);

typedef struct
{
  const gchar *name, *path;
  gboolean there; /* or "failed" */
} Place;

/* Whether @b comes into "standup" by each of them. */
void check_places (VmDialectName dialect, const Place *places, guint n);
