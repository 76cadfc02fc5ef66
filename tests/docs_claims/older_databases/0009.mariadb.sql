CREATE TABLE `configuration` (
  `key` varchar(100) NOT NULL,
  `value` text DEFAULT NULL,
  `description` text DEFAULT NULL,
  PRIMARY KEY (`key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `configuration` VALUES ('maintenance_duration','3600','Estimated maintenance duration in seconds');
INSERT INTO `configuration` VALUES ('maintenance_mode','true','Current maintenance mode status');
INSERT INTO `configuration` VALUES ('maintenance_mode_type','normal','Maintenance mode type: normal, emergency, test');
INSERT INTO `configuration` VALUES ('maintenance_reason','Umzug 🚚','Current maintenance reason');
INSERT INTO `configuration` VALUES ('maintenance_started_at','2026-11-22T14:05:38.064017+00:00','Maintenance start timestamp');
CREATE TABLE `guard_alerts` (
  `seq` bigint(20) NOT NULL AUTO_INCREMENT,
  `at` double NOT NULL,
  `severity` varchar(10) NOT NULL,
  `kind` varchar(50) NOT NULL,
  `message` varchar(500) NOT NULL,
  `detail` text NOT NULL,
  `state` varchar(20) DEFAULT NULL,
  `alert_key` varchar(191) DEFAULT NULL,
  `count` int(11) DEFAULT NULL,
  `last_told_at` double DEFAULT NULL,
  `acknowledged_by` varchar(100) DEFAULT NULL,
  `acknowledged_at` double DEFAULT NULL,
  `resolved_by` varchar(100) DEFAULT NULL,
  `resolved_at` double DEFAULT NULL,
  PRIMARY KEY (`seq`),
  UNIQUE KEY `ux_guard_alerts_alert_key` (`alert_key`),
  KEY `ix_guard_alerts_at` (`at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_approvals` (
  `approval_id` varchar(36) NOT NULL,
  `deed` varchar(40) NOT NULL,
  `digest` varchar(64) NOT NULL,
  `request` text NOT NULL,
  `asked_by` varchar(100) NOT NULL,
  `asked_at` double NOT NULL,
  `expires_at` double NOT NULL,
  `approved_by` varchar(100) DEFAULT NULL,
  `approved_at` double DEFAULT NULL,
  `refused_by` varchar(100) DEFAULT NULL,
  `used_at` double DEFAULT NULL,
  PRIMARY KEY (`approval_id`),
  KEY `ix_guard_approvals_asked_at` (`asked_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_audit` (
  `seq` bigint(20) NOT NULL AUTO_INCREMENT,
  `at` double NOT NULL,
  `actor` varchar(100) NOT NULL,
  `action` varchar(50) NOT NULL,
  `epoch` bigint(20) NOT NULL,
  `outcome` varchar(50) NOT NULL,
  `detail` text NOT NULL,
  `number` bigint(20) DEFAULT NULL,
  `previous` varchar(80) DEFAULT NULL,
  `link` varchar(80) DEFAULT NULL,
  PRIMARY KEY (`seq`),
  UNIQUE KEY `ix_guard_audit_number` (`number`),
  KEY `ix_guard_audit_at` (`at`)
) ENGINE=InnoDB AUTO_INCREMENT=2 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `guard_audit` VALUES (1,1795356338.0640173,'ops','enable',1,'done','{\"duration\": 3600, \"mode\": \"normal\", \"reason\": \"Umzug \\ud83d\\ude9a\", \"window_id\": \"w-older\"}',1,'','plain:fd5463839095695039d201860f86c0409bfc8d7a61d0be27a6edd2b7487e4721');
CREATE TABLE `guard_audit_anchors` (
  `kind` varchar(10) NOT NULL,
  `number` bigint(20) NOT NULL,
  `link` varchar(80) NOT NULL,
  `seq` bigint(20) NOT NULL,
  `rows_gone` bigint(20) NOT NULL,
  `at` double NOT NULL,
  `made_by` varchar(100) NOT NULL,
  `reason` varchar(500) NOT NULL,
  `seal` varchar(80) NOT NULL,
  PRIMARY KEY (`kind`,`number`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_audit_head` (
  `id` int(11) NOT NULL,
  `number` bigint(20) NOT NULL,
  `link` varchar(80) NOT NULL,
  `cut_to` bigint(20) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `guard_audit_head` VALUES (1,1,'plain:fd5463839095695039d201860f86c0409bfc8d7a61d0be27a6edd2b7487e4721',0);
CREATE TABLE `guard_break_glass` (
  `digest` varchar(64) NOT NULL,
  `owner` varchar(100) NOT NULL,
  `made_at` double NOT NULL,
  `used_at` double DEFAULT NULL,
  PRIMARY KEY (`digest`),
  KEY `ix_guard_break_glass_owner` (`owner`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_bypasses` (
  `bypass_id` varchar(36) NOT NULL,
  `operations` text NOT NULL,
  `holder` varchar(100) NOT NULL,
  `for_user` varchar(100) NOT NULL,
  `made_at` double NOT NULL,
  `made_by` varchar(100) NOT NULL,
  `until` double NOT NULL,
  `revoked_at` double DEFAULT NULL,
  `revoked_by` varchar(100) DEFAULT NULL,
  PRIMARY KEY (`bypass_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_found` (
  `window_id` varchar(36) NOT NULL,
  `found` text NOT NULL,
  PRIMARY KEY (`window_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `guard_found` VALUES ('w-older','{\"at\":1795356338.0640173,\"beat\":null,\"configuration\":{\"maintenance_duration\":\"0\",\"maintenance_mode\":\"false\",\"maintenance_mode_type\":\"normal\",\"maintenance_reason\":\"\",\"maintenance_started_at\":\"\"},\"consumers\":null,\"epoch\":0,\"generation\":{\"number\":0,\"valid_after\":null},\"mode\":null,\"phase\":\"inactive\",\"plans\":{},\"settings\":null,\"withheld\":[]}');
CREATE TABLE `guard_occurrences` (
  `schedule_id` varchar(36) NOT NULL,
  `starts_at` double NOT NULL,
  `stage` varchar(20) NOT NULL,
  `window_id` varchar(36) DEFAULT NULL,
  `detail` text NOT NULL,
  `changed_at` double NOT NULL,
  PRIMARY KEY (`schedule_id`,`starts_at`),
  KEY `ix_guard_occurrences_starts_at` (`starts_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_outbox` (
  `seq` bigint(20) NOT NULL AUTO_INCREMENT,
  `delivery_id` varchar(36) NOT NULL,
  `channel` varchar(10) NOT NULL,
  `receiver` varchar(254) NOT NULL,
  `event` varchar(40) NOT NULL,
  `payload` text NOT NULL,
  `stage` varchar(10) NOT NULL,
  `attempts` int(11) NOT NULL,
  `made_at` double NOT NULL,
  `next_at` double NOT NULL,
  `give_up_at` double NOT NULL,
  `held_by` varchar(36) NOT NULL,
  `held_until` double DEFAULT NULL,
  `ended_at` double DEFAULT NULL,
  `problem` varchar(300) NOT NULL,
  PRIMARY KEY (`seq`),
  UNIQUE KEY `delivery_id` (`delivery_id`),
  KEY `ix_guard_outbox_stage` (`stage`,`channel`,`receiver`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_page_sessions` (
  `session_id` varchar(36) NOT NULL,
  `digest` varchar(64) NOT NULL,
  `token_id` varchar(36) NOT NULL,
  `address` varchar(64) NOT NULL,
  `began_at` double NOT NULL,
  `seen_at` double NOT NULL,
  `expires_at` double NOT NULL,
  `stepped_up_at` double DEFAULT NULL,
  PRIMARY KEY (`session_id`),
  UNIQUE KEY `digest` (`digest`),
  KEY `ix_guard_page_sessions_token_id` (`token_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_report_notes` (
  `seq` bigint(20) NOT NULL AUTO_INCREMENT,
  `report_id` varchar(36) NOT NULL,
  `at` double NOT NULL,
  `actor` varchar(100) NOT NULL,
  `note` text NOT NULL,
  PRIMARY KEY (`seq`),
  KEY `ix_guard_report_notes_report_id` (`report_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_reports` (
  `report_id` varchar(36) NOT NULL,
  `kind` varchar(20) NOT NULL,
  `subject` varchar(60) NOT NULL,
  `starts_at` double NOT NULL,
  `ends_at` double NOT NULL,
  `title` varchar(600) NOT NULL,
  `summary` varchar(600) NOT NULL,
  `made_at` double NOT NULL,
  `made_by` varchar(100) NOT NULL,
  `body` mediumblob NOT NULL,
  PRIMARY KEY (`report_id`),
  UNIQUE KEY `uq_guard_reports_subject` (`kind`,`subject`),
  KEY `ix_guard_reports_made_at` (`made_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_roll` (
  `window_id` varchar(36) NOT NULL,
  `agent_id` varchar(36) NOT NULL,
  `node` varchar(255) NOT NULL,
  `host` varchar(255) NOT NULL,
  `pid` int(11) NOT NULL,
  `machine` varchar(80) NOT NULL,
  `page` varchar(40) NOT NULL,
  `fate` varchar(10) NOT NULL,
  PRIMARY KEY (`window_id`,`agent_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_routine_locks` (
  `name` varchar(50) NOT NULL,
  `fence` bigint(20) NOT NULL,
  `holder` varchar(100) NOT NULL,
  `until` double NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_routines` (
  `seq` bigint(20) NOT NULL AUTO_INCREMENT,
  `name` varchar(50) NOT NULL,
  `due_at` double NOT NULL,
  `began_at` double NOT NULL,
  `ended_at` double DEFAULT NULL,
  `outcome` varchar(20) NOT NULL,
  `fence` bigint(20) NOT NULL,
  `result` text NOT NULL,
  PRIMARY KEY (`seq`),
  KEY `ix_guard_routines_name_due_at` (`name`,`due_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_schedules` (
  `schedule_id` varchar(36) NOT NULL,
  `revision` int(11) NOT NULL,
  `plan` text NOT NULL,
  `changed_at` double NOT NULL,
  `changed_by` varchar(100) NOT NULL,
  `cancelled_at` double DEFAULT NULL,
  PRIMARY KEY (`schedule_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_schema_version` (
  `version_num` varchar(32) NOT NULL,
  PRIMARY KEY (`version_num`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `guard_schema_version` VALUES ('0009');
CREATE TABLE `guard_second_factors` (
  `owner` varchar(100) NOT NULL,
  `seed` text NOT NULL,
  `enrolled_at` double NOT NULL,
  `confirmed_at` double DEFAULT NULL,
  `last_period` bigint(20) NOT NULL,
  PRIMARY KEY (`owner`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_secrets` (
  `name` varchar(50) NOT NULL,
  `sealed` text NOT NULL,
  `changed_at` double NOT NULL,
  `changed_by` varchar(100) NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_state` (
  `id` int(11) NOT NULL,
  `epoch` bigint(20) NOT NULL,
  `phase` varchar(20) NOT NULL,
  `mode` varchar(20) DEFAULT NULL,
  `window_id` varchar(36) NOT NULL,
  `reason` varchar(500) NOT NULL,
  `changed_by` varchar(100) NOT NULL,
  `started_at` double DEFAULT NULL,
  `duration` int(11) DEFAULT NULL,
  `changed_at` double NOT NULL,
  `store_id` varchar(36) NOT NULL,
  `terms` text DEFAULT NULL,
  `generation` text DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `guard_state` VALUES (1,1,'closing','normal','w-older','Umzug 🚚','ops',1795356338.0640173,3600,1795356338.0640173,'615af3ec-3aa7-4a43-b453-a0c2e59dc26e','{\"at_deadline\": \"wait\", \"drain_within\": null, \"extended\": 0, \"grace\": null, \"scope\": {\"crossing\": null, \"operations\": [], \"queues\": [], \"tenant_key\": \"\", \"tenants\": []}, \"sessions\": null, \"verify\": false}','{\"number\": 0, \"valid_after\": null}');
CREATE TABLE `guard_tokens` (
  `token_id` varchar(36) NOT NULL,
  `owner` varchar(100) NOT NULL,
  `label` varchar(100) NOT NULL,
  `digest` varchar(64) NOT NULL,
  `rights` varchar(100) NOT NULL,
  `made_at` double NOT NULL,
  `made_by` varchar(100) NOT NULL,
  `expires_at` double NOT NULL,
  `revoked_at` double DEFAULT NULL,
  `revoked_by` varchar(100) DEFAULT NULL,
  `used_at` double DEFAULT NULL,
  PRIMARY KEY (`token_id`),
  KEY `ix_guard_tokens_owner` (`owner`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
CREATE TABLE `guard_windows` (
  `window_id` varchar(36) NOT NULL,
  `mode` varchar(20) NOT NULL,
  `reason` varchar(500) NOT NULL,
  `opened_by` varchar(100) NOT NULL,
  `started_at` double NOT NULL,
  `duration` int(11) DEFAULT NULL,
  `ended_at` double DEFAULT NULL,
  `ended_by` varchar(100) NOT NULL,
  `account` text NOT NULL,
  PRIMARY KEY (`window_id`),
  KEY `ix_guard_windows_started_at` (`started_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `guard_windows` VALUES ('w-older','normal','Umzug 🚚','ops',1795356338.0640173,3600,NULL,'','{}');
