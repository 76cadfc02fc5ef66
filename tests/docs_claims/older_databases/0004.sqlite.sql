BEGIN TRANSACTION;
CREATE TABLE configuration (
	"key" VARCHAR(100) NOT NULL, 
	value TEXT, 
	description TEXT, 
	PRIMARY KEY ("key")
);
INSERT INTO "configuration" VALUES('maintenance_mode','true','Current maintenance mode status');
INSERT INTO "configuration" VALUES('maintenance_reason','Umzug 🚚','Current maintenance reason');
INSERT INTO "configuration" VALUES('maintenance_duration','3600','Estimated maintenance duration in seconds');
INSERT INTO "configuration" VALUES('maintenance_started_at','2026-11-22T14:04:32.888942+00:00','Maintenance start timestamp');
INSERT INTO "configuration" VALUES('maintenance_mode_type','normal','Maintenance mode type: normal, emergency, test');
CREATE TABLE guard_alerts (
	seq INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	severity VARCHAR(10) NOT NULL, 
	kind VARCHAR(50) NOT NULL, 
	message VARCHAR(500) NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
CREATE TABLE guard_audit (
	seq INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	actor VARCHAR(100) NOT NULL, 
	action VARCHAR(50) NOT NULL, 
	epoch INTEGER NOT NULL, 
	outcome VARCHAR(50) NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "guard_audit" VALUES(1,1.79535627288894248003e+09,'ops','enable',1,'done','{"duration": 3600, "mode": "normal", "reason": "Umzug \ud83d\ude9a", "window_id": "w-older"}');
CREATE TABLE guard_found (
	window_id VARCHAR(36) NOT NULL, 
	found TEXT NOT NULL, 
	PRIMARY KEY (window_id)
);
INSERT INTO "guard_found" VALUES('w-older','{"at":1795356272.8889425,"beat":null,"configuration":{"maintenance_duration":"0","maintenance_mode":"false","maintenance_mode_type":"normal","maintenance_reason":"","maintenance_started_at":""},"consumers":null,"epoch":0,"generation":{"number":0,"valid_after":null},"mode":null,"phase":"inactive","plans":{},"settings":null,"withheld":[]}');
CREATE TABLE guard_occurrences (
	schedule_id VARCHAR(36) NOT NULL, 
	starts_at FLOAT NOT NULL, 
	stage VARCHAR(20) NOT NULL, 
	window_id VARCHAR(36), 
	detail TEXT NOT NULL, 
	changed_at FLOAT NOT NULL, 
	PRIMARY KEY (schedule_id, starts_at)
);
CREATE TABLE guard_roll (
	window_id VARCHAR(36) NOT NULL, 
	agent_id VARCHAR(36) NOT NULL, 
	node VARCHAR(255) NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	pid INTEGER NOT NULL, 
	machine VARCHAR(80) NOT NULL, 
	page VARCHAR(40) NOT NULL, 
	fate VARCHAR(10) NOT NULL, 
	PRIMARY KEY (window_id, agent_id)
);
CREATE TABLE guard_routine_locks (
	name VARCHAR(50) NOT NULL, 
	fence INTEGER NOT NULL, 
	holder VARCHAR(100) NOT NULL, 
	until FLOAT NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE guard_routines (
	seq INTEGER NOT NULL, 
	name VARCHAR(50) NOT NULL, 
	due_at FLOAT NOT NULL, 
	began_at FLOAT NOT NULL, 
	ended_at FLOAT, 
	outcome VARCHAR(20) NOT NULL, 
	fence INTEGER NOT NULL, 
	result TEXT NOT NULL, 
	PRIMARY KEY (seq)
);
CREATE TABLE guard_schedules (
	schedule_id VARCHAR(36) NOT NULL, 
	revision INTEGER NOT NULL, 
	"plan" TEXT NOT NULL, 
	changed_at FLOAT NOT NULL, 
	changed_by VARCHAR(100) NOT NULL, 
	cancelled_at FLOAT, 
	PRIMARY KEY (schedule_id)
);
CREATE TABLE guard_schema_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT guard_schema_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "guard_schema_version" VALUES('0004');
CREATE TABLE guard_state (
	id INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	phase VARCHAR(20) NOT NULL, 
	mode VARCHAR(20), 
	window_id VARCHAR(36) NOT NULL, 
	reason VARCHAR(500) NOT NULL, 
	changed_by VARCHAR(100) NOT NULL, 
	started_at FLOAT, 
	duration INTEGER, 
	changed_at FLOAT NOT NULL, 
	store_id VARCHAR(36) NOT NULL, 
	terms TEXT, 
	generation TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "guard_state" VALUES(1,1,'closing','normal','w-older','Umzug 🚚','ops',1.79535627288894248003e+09,3600,1.79535627288894248003e+09,'1c4af127-7bcb-4386-a94a-c0f4258a43bb','{"at_deadline": "wait", "drain_within": null, "extended": 0, "grace": null, "scope": {"crossing": null, "operations": [], "queues": [], "tenant_key": "", "tenants": []}, "sessions": null, "verify": false}','{"number": 0, "valid_after": null}');
CREATE TABLE guard_windows (
	window_id VARCHAR(36) NOT NULL, 
	mode VARCHAR(20) NOT NULL, 
	reason VARCHAR(500) NOT NULL, 
	opened_by VARCHAR(100) NOT NULL, 
	started_at FLOAT NOT NULL, 
	duration INTEGER, 
	ended_at FLOAT, 
	ended_by VARCHAR(100) NOT NULL, 
	account TEXT NOT NULL, 
	PRIMARY KEY (window_id)
);
INSERT INTO "guard_windows" VALUES('w-older','normal','Umzug 🚚','ops',1.79535627288894248003e+09,3600,NULL,'','{}');
CREATE INDEX ix_guard_windows_started_at ON guard_windows (started_at);
CREATE INDEX ix_guard_audit_at ON guard_audit (at);
CREATE INDEX ix_guard_alerts_at ON guard_alerts (at);
CREATE INDEX ix_guard_occurrences_starts_at ON guard_occurrences (starts_at);
CREATE INDEX ix_guard_routines_name_due_at ON guard_routines (name, due_at);
COMMIT;
