# Everything a person or CI does with the project. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test check format docs bench clean lock

help: ## 列出全部命令
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/run.stamp: setup.cfg pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新"; exit 1; }
	@echo "安装 Python 依赖……"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

.PHONY: frontend
frontend: $(VENV)/run.stamp
	@$(BIN)/python dev/frontend/install.py

run: frontend ## 一条命令试用：环境、前端文件、数据库、数据包、演示数据、全部进程（DEMO=0 不装演示数据）
	@$(BIN)/crm db upgrade
	@$(BIN)/crm reference load --if-missing
	@if [ "$(DEMO)" != "0" ]; then $(BIN)/crm demo load; fi
	@exec $(BIN)/crm serve

test: $(VENV)/dev.stamp frontend ## 环境与此处能跑的全部测试；说明找到哪些服务、略过什么、为何
	@$(BIN)/python dev/testing.py

check: $(VENV)/dev.stamp ## 代码检查：格式、规则、类型、导入约定
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp ## 统一格式
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/run.stamp ## 由代码重写 docs/events.md 等生成的文档
	$(BIN)/python dev/write_docs.py

bench: $(VENV)/dev.stamp ## 性能：每项与同一次运行中的下限比（BENCH="--only pipeline --set city --runs 3" 选择，见 docs/benchmarks.md）
	$(BIN)/python -m benchmarks $(BENCH)

.PHONY: services services-stop services-status services-logs services-clean
services: ## 在本机启动真实的 PostgreSQL、Kafka、Elasticsearch，答复后打印设置（NAME=value）
	@$(PYTHON) -m dev.services start
services-stop services-status services-logs services-clean: ## 停止、查看、看日志、连数据一并删除
	@$(PYTHON) -m dev.services $(@:services-%=%)

lock: $(VENV)/dev.stamp ## 由当前环境重写 constraints.txt
	$(BIN)/pip freeze --exclude-editable | grep -v ' @ ' > constraints.txt

clean: ## 删除环境与生成物（保留 var/ 数据）
	rm -rf $(VENV) node_modules crm/web/static/vendor build *.egg-info .mypy_cache .ruff_cache .pytest_cache
