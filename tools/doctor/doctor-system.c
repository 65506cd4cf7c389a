/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The clock, and the files of this user. */

#include "doctor/doctor.h"

#include <glib/gstdio.h>
#include <sys/timex.h>

static void
check_clock (VmtDoctor *self)
{
  struct timex state = { .modes = 0 };
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree gchar *text = g_date_time_format (now, "%F %H:%M:%S %Z");

  if (adjtimex (&state) == TIME_ERROR || (state.status & STA_UNSYNC))
    vmt_doctor_tell (self, "clock", VMT_FOUND_WARNING, NULL,
        "If it is wrong by minutes, tokens and invitations are refused. "
        "'timedatectl set-ntp true' keeps it right.",
        "It is %s; no time server has set this clock.", text);
  else
    vmt_doctor_tell (self, "clock", VMT_FOUND_GOOD, NULL, NULL,
        "It is %s, as a time server says.", text);
}

/* Others must neither read the key nor put devices into the trust store. */
static void
check_permissions (VmtDoctor *self)
{
  g_autofree gchar *folder =
      g_build_filename (g_get_user_config_dir (), "videomeet", NULL);
  g_autofree gchar *key = g_build_filename (folder, "identity.pem", NULL);
  g_autofree gchar *advice = NULL;
  GStatBuf st;

  if (g_stat (folder, &st) != 0) {
    vmt_doctor_tell (self, "permissions", VMT_FOUND_GOOD, NULL, NULL,
        "%s does not exist yet; the first meeting makes it.", folder);
    return;
  }
  if (g_access (folder, R_OK | W_OK | X_OK) != 0) {
    advice =
        g_strdup_printf ("Run 'chown -R %s %s'.", g_get_user_name (), folder);
    vmt_doctor_tell (self, "permissions", VMT_FOUND_BAD, NULL, advice,
        "%s cannot be written by this user.", folder);
  } else if (st.st_mode & 022) {
    advice = g_strdup_printf ("Run 'chmod 700 %s'.", folder);
    vmt_doctor_tell (self, "permissions", VMT_FOUND_BAD, NULL, advice,
        "Other users can write to %s.", folder);
  } else if (g_stat (key, &st) == 0 && (st.st_mode & 077)) {
    advice = g_strdup_printf ("Run 'chmod 600 %s'.", key);
    vmt_doctor_tell (self, "permissions", VMT_FOUND_BAD, NULL, advice,
        "Other users can read the key of this device.");
  } else
    vmt_doctor_tell (self, "permissions", VMT_FOUND_GOOD, NULL, NULL,
        "Only this user can read %s.", folder);
}

void
vmt_doctor_check_system (VmtDoctor *self)
{
  check_clock (self);
  check_permissions (self);
}
