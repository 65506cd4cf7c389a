/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* A desktop's portal on a session bus of its own, and the element pipewiresrc
 * of whoever has no PipeWire. */

/* What it does. A method is named as in org.freedesktop.portal.ScreenCast, or
 * GetAll; NULL: it does so nowhere. */
typedef struct
{
  gboolean absent; /* nobody has its name */
  const gchar *silent; /* method that is never answered */
  const gchar *unanswered; /* method that nobody answers the question of */
  const gchar *failing; /* method that comes to an error of D-Bus */
  const gchar *closing; /* method with which the session ends */
  const gchar *leaving; /* method with which the portal ends */
  const gchar *wrong; /* method whose answer is of another type */
  guint said; /* to Start: 0 yes, 1 no, 2 ended */
  /* a{sv} as texts of GVariant; NULL: as they should be */
  const gchar *properties, *session, *streams;
} FakePortal;

/* Puts the bus into the environment. */
void fake_portal_start (const FakePortal *portal);
void fake_portal_stop (void);
/* The session that was made last ends. */
void fake_portal_end_session (void);
/* The person is asked: Start has come, and nothing was answered. */
gboolean fake_portal_is_asking (void);
/* Options that @method had the last time; transfer full, or NULL. */
GVariant *fake_portal_get_options (const gchar *method);
/* Questions that were taken back. */
guint fake_portal_count_closed (void);
/* Whether who called last is on the bus. */
gboolean fake_portal_is_caller_there (void);

/* The portal shares this one. */
#define FAKE_PORTAL_NODE "42"
/* Registers a pipewiresrc that shows white, of 64x36 pixels; an error where it
 * has no open fd, or another node. */
void fake_pipewire_register (void);
/* What it shows is gone. */
void fake_pipewire_fail (void);
