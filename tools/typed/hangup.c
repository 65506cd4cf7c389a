/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "typed/hangup.h"

#include <glib-unix.h>
#include <signal.h>

void
vmt_hangup_add (GSourceFunc func, gpointer user_data)
{
  struct sigaction now;

  if (sigaction (SIGHUP, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
    g_unix_signal_add (SIGHUP, func, user_data);
}
